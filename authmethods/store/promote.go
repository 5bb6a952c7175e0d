package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// promoting is who makes a next secret the present one, whoever's request showed that
// the provider takes it.
var promoting = authmethods.Actor{Kind: authmethods.ActorJob, Name: "client secrets"}

// PromoteSecret makes the next client secret of a method in an environment its present
// one, because the provider took it where it refused that one. It does so only if the
// client is still of the given version, and reports whether it did. Like a verdict of
// the provider it is no change of the method's revision.
func (t *Tenant) PromoteSecret(ctx context.Context, method authmethods.ID, e authmethods.Environment, version int64) (promoted bool, err error) {
	if err := t.mayUseClient(); err != nil {
		return false, err
	}
	// The sealer is had before the transaction, which is to be short.
	if _, err := t.Vault.Sealer(ctx, t.in); err != nil {
		return false, err
	}
	err = t.judge(ctx, method, e, version, func(in db.Tenant, row *methodRow, own *environmentRow) error {
		have := secretsFor(row, own)
		if len(have.next) == 0 {
			return nil
		}
		sealed, err := t.promoted(ctx, in, have)
		if err != nil {
			return doing("sealing a client secret", err)
		}
		field := presentSecret
		if have.row == own.ID {
			field = "environments." + string(e) + "." + field
			err = promoteOwn(ctx, in, own, sealed)
		} else {
			err = promoteAll(ctx, in, row, sealed)
		}
		if err != nil {
			return doing("promoting a client secret", err)
		}
		promoted = true
		noted := authmethods.Changes{}
		noted.Secret(field)
		return record(ctx, in, operator(in.ID(), promoting), change{
			action: "method.secret_promoted", kind: feed.Method, object: row.ID, ref: row.Reference, changes: noted,
		})
	})
	return promoted && err == nil, err
}

// promoted returns the next secret sealed as the present one.
func (t *Tenant) promoted(ctx context.Context, in db.Tenant, have clientSecrets) ([]byte, error) {
	next, err := t.Vault.Open(ctx, in, have.next, have.at(nextSecret))
	if err != nil {
		return nil, err
	}
	return t.Vault.Seal(ctx, in, next, have.at(presentSecret))
}

// promoteAll changes the method's own secrets; no environment is refused any more that
// uses them.
func promoteAll(ctx context.Context, in db.Tenant, row *methodRow, sealed []byte) error {
	sets := promotion(sealedSecret{sealed, row.NextSecretLast4, row.NextSecretSetAt})
	if _, err := db.UpdateIf[methodRow](ctx, in, row.ID, sets); err != nil {
		return err
	}
	_, err := db.UpdateAll[environmentRow](ctx, in, notRejected(), db.Eq("method_id", row.ID), db.IsNull(presentSecret))
	return err
}

// promoteOwn changes the secrets of one environment.
func promoteOwn(ctx context.Context, in db.Tenant, own *environmentRow, sealed []byte) error {
	sets := append(promotion(sealedSecret{sealed, own.NextSecretLast4, own.NextSecretSetAt}), notRejected()...)
	_, err := db.UpdateIf[environmentRow](ctx, in, own.ID, sets)
	return err
}

func promotion(next sealedSecret) []db.Set {
	sets := append(presentAs(next), nextAs(sealedSecret{})...)
	return append(sets, db.Plus("client_version", 1), db.Plus("next_changes", 1))
}
