// Package page renders what people see: one typed template per page, one style
// sheet, no script, nothing inline and nothing from elsewhere. The words of a page
// stand in its template and nowhere else, those about a failure in its diagnosis.
package page
