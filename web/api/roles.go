package api

import (
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// role is a set of rights on the wire. The ready-made ones have no id and never
// change.
type role struct {
	ID        authmethods.ID     `json:"id,omitempty"`
	Reference string             `json:"reference"`
	Name      string             `json:"name"`
	Ready     bool               `json:"ready_made"`
	Rights    authmethods.Rights `json:"rights"`
	Rev       int64              `json:"rev,omitempty"`
	CreatedAt time.Time          `json:"created_at,omitzero"`
}

func showRole(r sso.Role) role {
	return role{
		ID: r.ID, Reference: r.Reference, Name: r.Name, Ready: r.ID == "", Rights: append(authmethods.Rights{}, r.Rights...),
		Rev: r.Rev, CreatedAt: r.CreatedAt.UTC(),
	}
}

// ListRoles lists the roles, the ready-made ones first.
func (h *Handlers) ListRoles(c *route.Call) error {
	all, err := h.roles(c)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, list.Show(list.Page[sso.Role]{Items: all}, showRole))
}

func (h *Handlers) roles(c *route.Call) ([]sso.Role, error) {
	t, err := h.people(c)
	if err != nil {
		return nil, err
	}
	return t.Roles(c.Request().Context())
}

// CreateRole makes a role.
func (h *Handlers) CreateRole(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("reference", "name", "rights")
	n := directory.NewRole{Reference: body.Line("reference", maxRef), Name: body.Line("name", maxName), Rights: readRights(body)}
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	made, err := t.CreateRole(c.Request().Context(), n)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/roles/"+string(made.ID))
	return replyRev(c, http.StatusCreated, made.Rev, showRole(made))
}

func readRights(body *strict.Object) authmethods.Rights {
	rights := authmethods.Rights{}
	for _, r := range body.Texts("rights", len(authmethods.AdminRights), maxRef) {
		rights = append(rights, authmethods.Right(r))
	}
	return rights
}

// GetRole shows a role by its id or reference.
func (h *Handlers) GetRole(c *route.Call) error {
	all, err := h.roles(c)
	if err != nil {
		return err
	}
	ref := c.Param("id")
	i := slices.IndexFunc(all, func(r sso.Role) bool { return r.Reference == ref || r.ID != "" && string(r.ID) == ref })
	if i < 0 {
		return authmethods.Missing()
	}
	if all[i].Rev == 0 {
		return c.Reply(http.StatusOK, showRole(all[i]))
	}
	return replyRev(c, http.StatusOK, all[i].Rev, showRole(all[i]))
}

func readRolePatch(body *strict.Object) directory.RoleChange {
	change := directory.RoleChange{Name: body.PatchText("name", maxName)}
	if body.Has("rights") {
		change.Rights = new(readRights(body))
	}
	return change
}

// ChangeRole applies a merge patch.
func (h *Handlers) ChangeRole(c *route.Call) error {
	rev, change, err := patch(c, readRolePatch)
	if err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	changed, err := t.ChangeRole(c.Request().Context(), c.Param("id"), rev, change)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, changed.Rev, showRole(changed))
}

// DeleteRole deletes a role that nobody has and no connector gives.
func (h *Handlers) DeleteRole(c *route.Call) error {
	return remove(c, h.people, (*directory.Tenant).DeleteRole)
}
