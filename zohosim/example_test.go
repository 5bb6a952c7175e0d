package zohosim_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"latchkey/zohosim"
)

func ExampleApprove() {
	sim, err := zohosim.Start(context.Background(), zohosim.Config{}, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	seed, err := zohosim.Demo(sim.Sim, "https://app.example/callback")
	if err != nil {
		fmt.Println(err)
		return
	}
	us, _ := sim.DataCentre("us")
	authorize := us.Accounts + "/oauth/v2/auth?" + url.Values{
		"response_type": {"code"}, "client_id": {seed.Server.ID}, "redirect_uri": {"https://app.example/callback"},
		"scope": {"Desk.tickets.READ"}, "access_type": {"offline"}, "prompt": {"consent"},
	}.Encode()
	callback, err := zohosim.Approve(nil, authorize, zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Sandbox})
	fmt.Println(strings.HasPrefix(callback, "https://app.example/callback?code=1000."), strings.Contains(callback, "&location=eu&"), err)
	// Output: true true <nil>
}
