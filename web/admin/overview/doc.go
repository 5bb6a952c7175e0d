// Package overview answers with what belongs to no section: the first page, the search
// over everything, and how somebody wants to see the pages.
package overview
