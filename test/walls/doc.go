// Package walls tries the walls between tenants from outside, on a whole server: each
// route of the table is asked by every kind of caller, and with what belongs to another
// tenant. testdata/routes.txt says once more, by hand, who may ask for what; a route
// that does not stand there fails the tests.
package walls
