package authmethods

// Who can do something about a problem.
const (
	whoYou           = "you"
	whoAdministrator = "your administrator"
	whoProviderAdmin = "an administrator at the provider"
	whoOperator      = "the operator of this installation"
	whoNobody        = "nobody; it passes by itself"
)

// diagnoses is the whole catalogue. D is about providers and consents, A about
// calls of the API. References are never given twice, and gaps stay gaps.
var diagnoses = []Diagnosis{
	{
		Code: CodeApprovalDeclined, Ref: "D-01", Title: "The request was declined at the provider",
		Causes: []string{"Somebody pressed the button that declines.", "The account that signed in may not approve applications."},
		Action: "Start again and approve with an administrator account of the provider.", NextAction: "approve", Who: whoProviderAdmin,
	},
	{
		Code: CodeApprovalNotFinished, Ref: "D-02", Title: "Nobody came back from the provider",
		Causes: []string{"The window was closed.", "The provider shows an error page, most often because it does not know the redirect address or the client ID."},
		Action: "Start again. If the provider shows an error page, compare redirect addresses and client ID with its console.", NextAction: "approve", Who: whoYou,
	},
	{
		Code: CodeRedirectURIMismatch, Ref: "D-03", Title: "The provider does not know our return address",
		Causes: []string{"A redirect address is missing in the provider's console.", "It differs there in one character: a final slash, http for https, upper case."},
		Action: "Paste both redirect addresses of the set-up page into the provider's console, exactly as they are shown.", NextAction: "fix_redirect_uri", Who: whoProviderAdmin,
	},
	{
		Code: CodeClientUnknown, Ref: "D-04", Title: "The provider does not recognise the client ID",
		Causes: []string{"The client ID was mistyped or cut off.", "The client was made in another data centre.", "The client was deleted at the provider."},
		Action: "Compare the client ID and the data centre with the provider's console.", NextAction: "fix_client", Who: whoYou,
	},
	{
		Code: CodeLinkOutOfDate, Ref: "D-05", Title: "This approval link is out of date",
		Causes: []string{"It was used already.", "It is older than ten minutes.", "It was opened in another browser than the one that began."},
		Action: "Start again. Nothing was changed.", NextAction: "approve", Who: whoYou,
	},
	{
		Code: CodeWrongDataCentre, Ref: "D-06", Title: "The account lives in another region",
		Causes: []string{"The provider keeps this account in another data centre than the method names.", "The client has another secret there, or is not allowed to serve several data centres."},
		Action: "Switch on use in several data centres, with the same credentials, in the provider's console, or choose the account's own data centre.", NextAction: "fix_data_centre", Who: whoYou,
	},
	{
		Code: CodeClientRejected, Ref: "D-07", Title: "The provider refused the client ID and secret",
		Causes: []string{"The secret was mistyped, or replaced at the provider.", "The client belongs to another data centre, which looks the same.", "The client was deleted or blocked at the provider."},
		Action: "Compare client ID and data centre, and replace the client secret. Connections that were approved already return by themselves.", NextAction: "replace_secret", Who: whoYou,
	},
	{
		Code: CodeCodeExpired, Ref: "D-08", Title: "The approval took too long or was used twice",
		Causes: []string{"The code from the provider is good for a minute or so.", "The page was loaded a second time."},
		Action: "Start again; it takes a few seconds.", NextAction: "approve", Who: whoYou,
	},
	{
		Code: CodeNoLongTermAccess, Ref: "D-09", Title: "The provider gave access for a short time only",
		Causes: []string{"The account had approved before, and the provider did not ask again.", "The permissions that were asked for include no lasting access."},
		Action: "Approve again and accept the provider's page when it asks.", NextAction: "approve", Who: whoYou,
	},
	{
		Code: CodeScopesMissing, Ref: "D-10", Title: "Approved, but with fewer permissions",
		Causes: []string{"Somebody unticked a permission at the provider.", "The account does not have all permissions itself.", "Permissions were added after the last approval."},
		Action: "Reconnect and approve all permissions, or ask for fewer.", NextAction: "reconnect", Who: whoProviderAdmin,
	},
	{
		Code: CodeScopeUnknown, Ref: "D-11", Title: "The provider does not know one of the permissions",
		Causes: []string{"A scope was mistyped.", "The scope belongs to another product of the provider."},
		Action: "Check the scopes of the method, then start again.", NextAction: "fix_scopes", Who: whoYou,
	},
	{
		Code: CodeGrantLost, Ref: "D-12", Title: "Access was withdrawn at the provider",
		Causes: []string{"Somebody removed the access, or the password or role of the account changed.", "The same person approved so often that the provider dropped the oldest approval.", "The access was not used for longer than the provider allows."},
		Action: "Reconnect. The last token works until it expires.", NextAction: "reconnect", Who: whoProviderAdmin,
	},
	{
		Code: CodeProviderThrottled, Ref: "D-13", Title: "The provider asks us to wait",
		Causes: []string{"Too many tokens were asked for in a short time.", "Another program uses the same client."},
		Action: "Wait. A token that is still good goes on being lent.", NextAction: "wait", Who: whoNobody, Temporary: true,
	},
	{
		Code: CodeProviderDown, Ref: "D-14", Title: "The provider cannot be reached right now",
		Causes: []string{"The provider is in trouble.", "This server's way to it is blocked."},
		Action: "Wait; it is tried again by itself. If other providers fail too, look at this server's network.", NextAction: "wait", Who: whoNobody, Temporary: true,
	},
	{
		Code: CodeUnexpectedReply, Ref: "D-15", Title: "The provider answered with something unexpected",
		Causes: []string{"An address of the provider is wrong.", "A proxy answered in its place.", "The provider is being maintained."},
		Action: "Check the addresses of the method, then try again.", NextAction: "check_addresses", Who: whoOperator,
	},
	{
		Code: CodeTokenRejected, Ref: "D-16", Title: "The provider stopped accepting a token early",
		Causes: []string{"A newer token of the same access pushed it out."},
		Action: "Nothing: it was replaced. Use the new one.", NextAction: "use_new_token", Who: whoNobody, Temporary: true,
	},
	{
		Code: CodePermissionMissing, Ref: "D-17", Title: "The token lacks a permission for this call",
		Causes: []string{"The method does not ask for the scope that the call needs."},
		Action: "Add the scope and reconnect. A new token alone will not help.", NextAction: "fix_scopes", Who: whoYou,
	},
	{
		Code: CodeOrganizationMismatch, Ref: "D-18", Title: "This is the wrong organisation number",
		Causes: []string{"The connection belongs to another organisation.", "The number is that of another product."},
		Action: "Choose another organisation for the connection.", NextAction: "choose_organization", Who: whoYou,
	},
	{
		Code: CodeAccountLimited, Ref: "D-19", Title: "The account at the provider may not do this",
		Causes: []string{"Its role or its licence is too low."},
		Action: "Give the account more rights at the provider, or approve with another.", NextAction: "change_account", Who: whoProviderAdmin,
	},
	{
		Code: CodeClockSkew, Ref: "D-20", Title: "This server's clock and the provider's are apart",
		Causes: []string{"The clock of this server is wrong.", "The clock of the provider is wrong, which is rare."},
		Action: "Set the clock of this server by the network, then try again. The command latchkey doctor says how far it is off.", NextAction: "set_clock", Who: whoOperator,
	},
	{
		Code: CodeAccountsServerRefused, Ref: "D-21", Title: "We stopped: the reply named an unknown server",
		Causes: []string{"The provider opened a data centre that is not in its description here.", "Somebody tampered with the reply."},
		Action: "Start again. If it happens again, the description of the integration type must be updated.", NextAction: "contact_operator", Who: whoOperator,
	},
	{
		Code: CodePublicAddress, Ref: "D-22", Title: "You opened this page under another address",
		Causes: []string{"The page was opened by another name of this server, or past the proxy that stands before it.", "The public address in the configuration is not the one that people use."},
		Action: "Open the page under the public address, where the provider sends people back to. If that one is wrong, change LATCHKEY_PUBLIC_URL.", NextAction: "use_public_address", Who: whoOperator,
	},
	{
		Code: CodeKeyUnavailable, Ref: "D-23", Title: "The encryption key for this secret is missing",
		Causes: []string{"The keyring file does not hold the key with which this was sealed."},
		Action: "Put the key back into the keyring, or enter the secret anew.", NextAction: "contact_operator", Who: whoOperator,
	},
	{
		Code: CodeKeyServiceUnavailable, Ref: "D-29", Title: "The service that keeps the encryption keys does not answer",
		Causes: []string{"The key service, such as OpenBao or a cloud's, is down or cannot be reached from here.", "Keys are being rotated at this moment."},
		Action: "Wait; it is tried again by itself. Nothing is lost meanwhile.", NextAction: "wait", Who: whoOperator, Temporary: true,
	},
	{
		Code: CodeEnvironmentMismatch, Ref: "D-24", Title: "Another environment was approved than was chosen",
		Causes: []string{"On the provider's page an organisation of the other environment was picked.", "The account has organisations in one environment only, so nobody was asked."},
		Action: "Approve again and pick the right organisation, or enable the other environment. Nothing was enabled.", NextAction: "approve", Who: whoYou,
	},
	{
		Code: CodeQuotaReached, Ref: "D-25", Title: "The provider takes no more calls for now",
		Causes: []string{"The calls of the day are used up; all programs of the organisation share them.", "Too many calls were made at once."},
		Action: "Wait as long as the provider's answer says, or have the limit raised there. A new token does not help.", NextAction: "wait", Who: whoNobody, Temporary: true,
	},
	{
		Code: CodeResponseLost, Ref: "D-26", Title: "The provider's answer never reached us",
		Causes: []string{"The network failed at the moment at which the provider replaced the refresh token."},
		Action: "Reconnect.", NextAction: "reconnect", Who: whoProviderAdmin,
	},
	{
		Code: CodeOrganizationMissing, Ref: "D-27", Title: "The provider needs to know which organisation",
		Causes: []string{"The account has several organisations and none was chosen."},
		Action: "Choose an organisation.", NextAction: "choose_organization", Who: whoYou,
	},
	{
		Code: CodeRevoked, Ref: "D-28", Title: "Somebody here revoked this connection",
		Causes: []string{"The connection was given up on purpose; the history tells by whom."},
		Action: "Reconnect if it is needed again.", NextAction: "reconnect", Who: whoAdministrator,
	},
	{
		Code: CodeLostSinceBackup, Ref: "D-30", Title: "Access changed after the backup that was restored",
		Causes: []string{"Latchkey was restored from a backup, and the provider had replaced the refresh token since it was made.", "The access was approved anew, or withdrawn, after the backup."},
		Action: "Reconnect. The last token works until it expires.", NextAction: "reconnect", Who: whoProviderAdmin,
	},
	{
		Code: CodeLoanNotAllowed, Ref: "A-01", Title: "This key may not borrow that",
		Causes: []string{"No permit of the service names this method, environment and these scopes."},
		Action: "Have a permit added to the service account.", NextAction: "add_permit", Who: whoAdministrator,
	},
	{
		Code: CodeTestKeyOnLive, Ref: "A-02", Title: "A test key cannot borrow for production",
		Causes: []string{"The service account may borrow for sandboxes only, and the request is for production.", "The key of another installation or stage was put here."},
		Action: "Use the key of the service account that works in production, or have a permit for production added.", NextAction: "check_key", Who: whoAdministrator,
	},
	{
		Code: CodeInvalidRequest, Ref: "A-03", Title: "The request is not valid",
		Causes: []string{"A field is missing, unknown or wrong; the errors name each."},
		Action: "Correct the fields that are named.", NextAction: "fix_request", Who: whoYou,
	},
	{
		Code: CodeInvalidAPIKey, Ref: "A-04", Title: "The API key is not good",
		Causes: []string{"It is missing or mistyped.", "It has expired or was revoked.", "It belongs elsewhere."},
		Action: "Send a key that is good as Authorization: Bearer.", NextAction: "check_key", Who: whoYou,
	},
	{
		Code: CodeForbidden, Ref: "A-05", Title: "This is not allowed to you",
		Causes: []string{"The key or role lacks the right that this needs."},
		Action: "Ask an administrator for the right.", NextAction: "ask_administrator", Who: whoAdministrator,
	},
	{
		Code: CodeNotFound, Ref: "A-06", Title: "There is no such thing",
		Causes: []string{"The name is mistyped.", "It was deleted.", "It belongs to somebody else."},
		Action: "Check the address or the name.", NextAction: "check_name", Who: whoYou,
	},
	{
		Code: CodeConflict, Ref: "A-07", Title: "The present state does not allow this",
		Causes: []string{"A name is taken, or was once.", "Something else has to happen first."},
		Action: "Read the detail and change the request.", NextAction: "fix_request", Who: whoYou,
	},
	{
		Code: CodeStale, Ref: "A-08", Title: "This was changed meanwhile",
		Causes: []string{"Somebody else changed it after you read it."},
		Action: "Read it again and repeat the change.", NextAction: "read_again", Who: whoYou,
	},
	{
		Code: CodeLimitReached, Ref: "A-09", Title: "There are as many as there may be",
		Causes: []string{"The limit of this tenant is reached."},
		Action: "Delete what is no longer needed, or ask the operator to raise the limit.", NextAction: "contact_operator", Who: whoOperator,
	},
	{
		Code: CodeHasDependents, Ref: "A-10", Title: "Something still depends on this",
		Causes: []string{"Connections hold access by it."},
		Action: "Revoke the connections that are listed, then try again.", NextAction: "remove_dependents", Who: whoYou,
	},
	{
		Code: CodeTooManyRequests, Ref: "A-11", Title: "Too many requests",
		Causes: []string{"The same caller asked too often in a short time."},
		Action: "Wait as long as the answer says.", NextAction: "wait", Who: whoNobody, Temporary: true,
	},
	{
		Code: CodeConsentRequired, Ref: "A-12", Title: "Nobody has approved yet",
		Causes: []string{"The method was not enabled in this environment.", "An approval was begun and not finished."},
		Action: "Have the method enabled and approved at the provider.", NextAction: "approve", Who: whoAdministrator,
	},
	{
		Code: CodeReconnectRequired, Ref: "A-13", Title: "A new approval is needed",
		Causes: []string{"The access that was approved is lost; the reason says how."},
		Action: "Have the method reconnected at the provider.", NextAction: "reconnect", Who: whoAdministrator,
	},
	{
		Code: CodeMethodDisabled, Ref: "A-14", Title: "The method is switched off here",
		Causes: []string{"An administrator disabled it in this environment.", "The tenant is disabled."},
		Action: "Have the method enabled.", NextAction: "enable", Who: whoAdministrator,
	},
	{
		Code: CodeStorageUnavailable, Ref: "A-15", Title: "The database does not answer",
		Causes: []string{"It is being restarted or is overloaded."},
		Action: "Try again in a moment.", NextAction: "retry", Who: whoOperator, Temporary: true,
	},
	{
		Code: CodeInternal, Ref: "A-16", Title: "Something went wrong here",
		Causes: []string{"A fault of this server."},
		Action: "Try again; if it stays, give the operator the request id.", NextAction: "contact_operator", Who: whoOperator,
	},
	{
		Code: CodeLastAdministrator, Ref: "A-18", Title: "Somebody must be left who can administer",
		Causes: []string{"This is the last user who may manage users and settings."},
		Action: "Give another user the role of an administrator first.", NextAction: "add_administrator", Who: whoYou,
	},
	{
		Code: CodeFrozen, Ref: "A-19", Title: "Everything here is stopped for now",
		Causes: []string{"Somebody froze it while something is looked into.", "An operator froze the whole installation."},
		Action: "Ask who froze it. Nothing is lost, and all goes on when the freeze is lifted.", NextAction: "ask_for_unfreeze", Who: whoAdministrator,
	},
}
