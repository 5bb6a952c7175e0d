// Package audit shows the audit log to those who may see it, and gives it out as files.
package audit
