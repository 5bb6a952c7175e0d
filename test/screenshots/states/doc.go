// Package states holds every page in every form that it can take, filled with
// plausible things. What looks at pages loops over it: tests, a browser, people.
package states
