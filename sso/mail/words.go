package mail

import (
	"fmt"
	"time"
)

// letterWords are the words of one kind of mail. {workspace}, {user}, {name} and
// {life} are filled in.
type letterWords struct {
	subject string
	lines   []string
	button  string
	after   []string
}

// language is how mail is written in one language.
type language struct {
	greeting, greetingName string
	life                   func(time.Duration) string
	at                     func(time.Time) string
	kinds                  map[Kind]letterWords
}

const (
	notYouEnglish = "If this was not you, tell your administrator at once."
	// In French a narrow no-break space stands before : ; ? and !.
	notYouFrench = "Si ce n’était pas vous, prévenez tout de suite votre administrateur."
)

var english = language{
	greeting: "Hello,", greetingName: "Hello {name},",
	life: func(d time.Duration) string { return plural(d, "minute", "hour") },
	at:   func(t time.Time) string { return "When: " + t.Format("2 January 2006, 15:04") + " UTC." },
	kinds: map[Kind]letterWords{
		Invitation: {
			subject: "{workspace}: your invitation",
			lines: []string{
				"you have been given an account at {workspace}. Your user name is {user}.",
				"Open this link to choose a password:",
			},
			button: "Choose a password",
			after: []string{
				"The link works once, within {life}.",
				"If you did not expect this, ignore it: without the link nothing happens.",
			},
		},
		Reset: {
			subject: "{workspace}: choose a new password",
			lines: []string{
				"a new password may be chosen for your account {user} at {workspace}.",
				"Open this link to choose it:",
			},
			button: "Choose a new password",
			after: []string{
				"The link works once, within {life}. Until then your old password stays as it is.",
				"If you did not ask for this, ignore it and tell your administrator.",
			},
		},
		PasswordChanged: notice("{workspace}: your password was changed", "The password of your account {user} at {workspace} was changed. You have been signed out everywhere.", notYouEnglish),
		PasskeyAdded:    notice("{workspace}: a passkey was added", "A passkey was added to your account {user} at {workspace}. Whoever has it can sign in as you.", notYouEnglish),
		PasskeyRemoved:  notice("{workspace}: a passkey was removed", "A passkey was removed from your account {user} at {workspace}.", notYouEnglish),
		CodesEnabled:    notice("{workspace}: one-time codes are on", "From now on your account {user} at {workspace} asks for a one-time code as well.", notYouEnglish),
		CodesRemoved:    notice("{workspace}: one-time codes are off", "Your account {user} at {workspace} no longer asks for a one-time code.", notYouEnglish),
	},
}

var french = language{
	greeting: "Bonjour,", greetingName: "Bonjour {name},",
	life: func(d time.Duration) string { return plural(d, "minute", "heure") },
	at:   frenchTime,
	kinds: map[Kind]letterWords{
		Invitation: {
			subject: "{workspace}\u202f: votre invitation",
			lines: []string{
				"un compte vous a été ouvert chez {workspace}. Votre nom d’utilisateur est {user}.",
				"Ouvrez ce lien pour choisir un mot de passe\u202f:",
			},
			button: "Choisir un mot de passe",
			after: []string{
				"Ce lien fonctionne une seule fois, pendant {life}.",
				"Si vous n’attendiez pas ce message, ignorez-le\u202f: sans le lien, rien ne se passe.",
			},
		},
		Reset: {
			subject: "{workspace}\u202f: choisissez un nouveau mot de passe",
			lines: []string{
				"un nouveau mot de passe peut être choisi pour votre compte {user} chez {workspace}.",
				"Ouvrez ce lien pour le choisir\u202f:",
			},
			button: "Choisir un nouveau mot de passe",
			after: []string{
				"Ce lien fonctionne une seule fois, pendant {life}. D’ici là, votre ancien mot de passe reste valable.",
				"Vous n’avez rien demandé\u202f? Ignorez ce message et prévenez votre administrateur.",
			},
		},
		PasswordChanged: notice("{workspace}\u202f: votre mot de passe a changé", "Le mot de passe de votre compte {user} chez {workspace} a été changé. Toutes vos sessions ont été fermées.", notYouFrench),
		PasskeyAdded:    notice("{workspace}\u202f: une clé d’accès a été ajoutée", "Une clé d’accès a été ajoutée à votre compte {user} chez {workspace}. Qui la possède peut se connecter à votre place.", notYouFrench),
		PasskeyRemoved:  notice("{workspace}\u202f: une clé d’accès a été supprimée", "Une clé d’accès de votre compte {user} chez {workspace} a été supprimée.", notYouFrench),
		CodesEnabled:    notice("{workspace}\u202f: codes à usage unique activés", "Désormais, votre compte {user} chez {workspace} demande aussi un code à usage unique.", notYouFrench),
		CodesRemoved:    notice("{workspace}\u202f: codes à usage unique désactivés", "Votre compte {user} chez {workspace} ne demande plus de code à usage unique.", notYouFrench),
	},
}

func notice(subject, line, after string) letterWords {
	return letterWords{subject: subject, lines: []string{line}, after: []string{after}}
}

// plural says a duration in whole hours, or in minutes.
func plural(d time.Duration, minute, hour string) string {
	n, unit := int(d.Round(time.Minute)/time.Minute), minute
	if n%60 == 0 && n > 0 {
		n, unit = n/60, hour
	}
	if n > 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

var frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

func frenchTime(t time.Time) string {
	day := fmt.Sprint(t.Day())
	if day == "1" {
		day = "1er"
	}
	return fmt.Sprintf("Quand\u202f: le %s %s %d à %s UTC.", day, frenchMonths[t.Month()-1], t.Year(), t.Format("15 h 04"))
}
