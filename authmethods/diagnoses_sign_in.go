package authmethods

// signInDiagnoses are about people who sign in. What the person is told is shorter:
// it must not say whether other accounts exist.
var signInDiagnoses = []Diagnosis{
	{
		Code: CodeNoMatchingUser, Ref: "S-01", Title: "No account here matches",
		Causes: []string{"The person has no account here yet.", "The account has another user name than the mapping rule comes to.", "The person used another account at the provider than usual."},
		Action: "Create the user, or change the mapping rule; the trace of the sign-in shows what was looked for.", NextAction: "create_user", Who: whoAdministrator,
	},
	{
		Code: CodeNotAssociated, Ref: "S-02", Title: "The account exists but may not use this door",
		Causes: []string{"The connector is not on the user's card.", "The user was invited and has not accepted yet, or has operator rights: such links are made by hand."},
		Action: "Associate the user with the connector, or link this sign-in to the user by hand.", NextAction: "associate_user", Who: whoAdministrator,
	},
	{
		Code: CodeSeveralUsers, Ref: "S-03", Title: "Several accounts match",
		Causes: []string{"Several users have the same e-mail address."},
		Action: "Make the addresses different, or map to the user name.", NextAction: "fix_users", Who: whoAdministrator,
	},
	{
		Code: CodeEmailUnverified, Ref: "S-04", Title: "The provider has not verified this e-mail address",
		Causes: []string{"The person has not confirmed the address at the provider.", "The provider does not say whether addresses are verified."},
		Action: "Have the person confirm the address at the provider, or declare the provider trusted for the domain.", NextAction: "verify_email", Who: whoYou,
	},
	{
		Code: CodeIdentityChanged, Ref: "S-05", Title: "Same name, another account at the provider",
		Causes: []string{"The address was given to another person at the provider.", "The person made a new account there, or signs in at another region."},
		Action: "Confirm with the person who it is, then unpin the old account.", NextAction: "unpin_identity", Who: whoAdministrator,
	},
	{
		Code: CodeUserDisabled, Ref: "S-06", Title: "This account is switched off",
		Causes: []string{"An administrator disabled the user."},
		Action: "Enable the user if the person should sign in.", NextAction: "enable_user", Who: whoAdministrator,
	},
	{
		Code: CodeConnectorDisabled, Ref: "S-07", Title: "This door is closed",
		Causes: []string{"The connector is disabled, or its authentication method was removed."},
		Action: "Enable the connector.", NextAction: "enable_connector", Who: whoAdministrator,
	},
	{
		Code: CodeSignInDeclined, Ref: "S-08", Title: "The sign-in was called off at the provider",
		Causes: []string{"The person pressed the button that declines.", "The provider did not want to ask."},
		Action: "Sign in again and accept at the provider.", NextAction: "sign_in", Who: whoYou,
	},
	{
		Code: CodeSignInOutOfDate, Ref: "S-09", Title: "This sign-in is out of date",
		Causes: []string{"It was used already.", "It is older than ten minutes.", "It was begun in another browser."},
		Action: "Sign in again. Nothing was changed.", NextAction: "sign_in", Who: whoYou,
	},
	{
		Code: CodeIdentityUnproved, Ref: "S-10", Title: "What the provider sent does not prove who this is",
		Causes: []string{"The provider signs differently than its description says.", "This server's clock is wrong.", "Somebody tampered with the reply."},
		Action: "Look at the trace of the sign-in; it names the check that failed.", NextAction: "contact_operator", Who: whoOperator,
	},
	{
		Code: CodeWrongPassword, Ref: "S-11", Title: "User name or password is wrong",
		Causes: []string{"One of the two was mistyped.", "The account signs in another way."},
		Action: "Try again, or have the password reset.", NextAction: "sign_in", Who: whoYou,
	},
	{
		Code: CodeNotSignedIn, Ref: "S-12", Title: "Nobody is signed in",
		Causes: []string{"The session ended.", "The user signed out or was signed out."},
		Action: "Sign in.", NextAction: "sign_in", Who: whoYou,
	},
	{
		Code: CodeSecondFactor, Ref: "S-14", Title: "A second proof is needed",
		Causes: []string{"The account is protected by one-time codes."},
		Action: "Enter the code that your authenticator shows.", NextAction: "enter_code", Who: whoYou,
	},
}
