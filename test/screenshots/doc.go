// Command screenshots pictures every page: in both languages, light and dark, at the
// widths of a telephone, a tablet and a desk.
//
//	go run ./test/screenshots DIR [NAME...]
//	go run ./test/screenshots -readme
//
// With names, only the pages whose names begin with one of them. With -readme, the
// pictures that the README shows.
package main
