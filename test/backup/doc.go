// Package backup proves backup and restore with the program itself: under load, on
// both databases and from one to the other, with a provider whose refresh tokens
// rotate, so that some of those in the backup are spent when it is restored.
//
//	go test ./test/backup                                        # three hundred connections beside
//	go test ./test/backup -run ManyConnections -whole -v -timeout 30m   # a hundred thousand
package backup
