package api

import (
	"context"
	"net/http"

	"latchkey/web/route"
	"latchkey/web/strict"
)

// patch reads a change and the revision that it was made for.
func patch[C any](c *route.Call, read func(*strict.Object) C) (rev int64, change C, err error) {
	if rev, err = ifMatch(c.Request()); err != nil {
		return rev, change, err
	}
	body, err := strict.Decode(c.Request())
	if err != nil {
		return rev, change, err
	}
	change = read(body)
	return rev, change, body.Err()
}

// remove deletes what the path names, if it is still as the caller has seen it.
func remove[T any](c *route.Call, in func(*route.Call) (T, error), f func(T, context.Context, string, int64) error) error {
	rev, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	t, err := in(c)
	if err != nil {
		return err
	}
	if err := f(t, c.Request().Context(), c.Param("id"), rev); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
