package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// frozen is a freeze on the wire.
type frozen struct {
	ID       authmethods.ID          `json:"id"`
	Scope    authmethods.FreezeScope `json:"scope"`
	Method   string                  `json:"method,omitempty"`
	Service  string                  `json:"service_account,omitempty"`
	Reason   string                  `json:"reason,omitempty"`
	FrozenBy string                  `json:"frozen_by"`
	FrozenAt time.Time               `json:"frozen_at"`
	LiftedBy authmethods.Lifter      `json:"lifted_by"`
}

func showFreeze(f authmethods.Freeze) frozen {
	v := frozen{ID: f.ID, Scope: f.Scope, Reason: f.Reason, FrozenBy: f.By.Name, FrozenAt: f.At.UTC(), LiftedBy: f.Lifter}
	switch f.Scope {
	case authmethods.FreezeMethod:
		v.Method = f.Object
	case authmethods.FreezeService:
		v.Service = f.Object
	}
	return v
}

// servers are how many heed a freeze.
type servers struct {
	Heard   int `json:"heard"`
	Lapsed  int `json:"lapsed"`
	Waiting int `json:"waiting"`
}

// madeFreeze is a freeze with how far it has got about.
type madeFreeze struct {
	frozen
	Servers servers `json:"servers"`
}

// ListFreezes lists what is frozen.
func (h *Handlers) ListFreezes(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	freezes, err := t.Freezes(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, list.Show(list.Page[authmethods.Freeze]{Items: freezes}, showFreeze))
}

// Freeze stops the tenant, a method or a service account. It answers with 201 when
// every server heeds it, and with 202 if one is not known to yet.
func (h *Handlers) Freeze(c *route.Call) error {
	body, err := strict.DecodeOptional(c.Request())
	if err != nil {
		return err
	}
	target := store.FreezeTarget{Method: body.Line("method", maxRef), Service: body.Line("service_account", maxName)}
	reason := body.Line("reason", store.MaxReason)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	f, _, err := t.Freeze(c.Request().Context(), target, reason)
	if err != nil {
		return err
	}
	report, all, err := t.SettleWithin(c.Request().Context(), h.Patience)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if !all {
		status = http.StatusAccepted
	}
	return c.Reply(status, madeFreeze{showFreeze(f), servers{len(report.Heard), len(report.Lapsed), len(report.Waiting)}})
}

// Unfreeze lifts a freeze. The servers heed it within a second.
func (h *Handlers) Unfreeze(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	if _, err := t.Unfreeze(c.Request().Context(), authmethods.ID(c.Param("id"))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
