// Package page renders what people see: typed templates in two layouts, the
// components that they are built of, and the style sheet and script that all share.
// Nothing is inline and nothing comes from elsewhere. Everything works without the
// script.
//
// # How to add a page
//
//  1. Write its struct in a file of this package, with what it shows and nothing
//     else, and a template for it:
//
//     var Users = page.Admin[UsersPage]("users", "users") // templates/users.html, section "users"
//     var Login = page.Plain[LoginPage]("login")          // templates/login.html, narrow
//
//  2. Write templates/NAME.html. It defines "title" (without the tenant, without
//     "Error:") and "main"; the dot of both is the struct. It begins with one h1. All
//     words come from the catalogue: {{say "users.title" "n" .Count}} for text,
//     {{rich "users.lead" "name" .Name}} where a name stands in a sentence (escaped, in
//     bdi) or the text has markup. Names alone stand in <bdi>.
//
//  3. Add the keys to a file for the topic, web/words/en/TOPIC.yaml and fr/TOPIC.yaml;
//     tests name those that lack.
//
//  4. If it can be about an error, give it a method Faulty() bool; the title then
//     begins with "Error:".
//
//  5. Answer with Users.Show(c, http.StatusOK, UsersPage{…}). Where more of the chrome
//     is to be set: chrome := ChromeOf(c), then Users.Write(c.Response(), status, chrome, p).
//
//  6. Add its states to test/screenshots/states. Tests look at them in a browser, in
//     both languages and themes, at three widths; go run ./test/screenshots DIR pictures
//     them for people.
//
// # What templates may use
//
// Functions: say, rich, number, percent, capital, clock, date, moment, machine, when,
// clocked (a time element for rich), code (for rich), short (a length of time), icon, and english, which tells
// whether texts that exist in English only may be shown. Times are shown in their own
// zone.
//
// Components, each with the struct of its name: field, choice, corrections, action,
// copy (Copied), chip, state, environment, strip, meter, cog (Menu), tabs, crumbs,
// pager, stepper, notice, empty, card; skeleton takes a number of lines, moment a
// time. GET /components shows them all; its template is the example to copy from.
//
// After a form was done: SetFlash(c, Good, "flash.saved", "name", name), then redirect
// with status 303. After one that was not: the same page again with its Corrections and
// status 422. The chrome reads the parameter env, one of the environments, which the
// filter of the top bar sets; lists follow it.
//
// Attributes for the script, none of which is needed: data-dialog on a link shows the
// main part of that page in a dialog; data-copy names the field that a button copies;
// data-copy-text is what a link copies; data-live on an element with an id is an address
// of server-sent events, each of which makes the element be fetched anew (and read out,
// with data-live-say), unless somebody types in it or has something open; data-key is the single key that presses a link or button;
// data-cancel closes the dialog that it is in.
package page
