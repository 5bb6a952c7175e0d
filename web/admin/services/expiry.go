package services

import (
	"slices"
	"time"

	"latchkey/web/page"
)

// lives are how many days a key may be good; usualDays is the proposal. A key without
// an end is made at the command line alone, where whoever does it is an operator.
var lives = []string{"30", "90", "180", "365"}

const usualDays = "90"

// lifeOf returns when a key ends that is made now.
func lifeOf(days string) (time.Time, bool) {
	i := slices.Index(lives, days)
	if i < 0 {
		return time.Time{}, false
	}
	return time.Now().AddDate(0, 0, []int{30, 90, 180, 365}[i]), true
}

func (d *desk) lifeOptions(chosen string) []page.Option {
	var options []page.Option
	for _, days := range lives {
		until, _ := lifeOf(days)
		options = append(options, page.Option{
			Value: days, Label: d.w.Say("services.days." + days), Hint: d.w.Say("services.until", "date", d.w.Date(until)), Chosen: days == chosen,
		})
	}
	return options
}

func (d *desk) daysChoice(chosen, wrong string) *page.Choice {
	return &page.Choice{
		Name: "days", Legend: d.w.Say("services.expires"), Hint: d.w.Say("services.expires.hint"), Error: wrong,
		Inline: true, Options: d.lifeOptions(chosen),
	}
}

// daysField is the same question in one line.
func (d *desk) daysField(chosen, wrong string) page.Field {
	options := d.lifeOptions(chosen)
	for i := range options {
		options[i].Hint = ""
	}
	return page.Field{Name: "days", Label: d.w.Say("services.expires"), Kind: "select", Short: true, Options: options, Error: wrong}
}
