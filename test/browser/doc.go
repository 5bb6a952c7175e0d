// Package browser gives each test a headless Chromium with a profile of its own.
//
// Drive it with package chromedp and the context that [New] returns. Set CHROMIUM
// to the program to use another one.
package browser
