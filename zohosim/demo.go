package zohosim

import "fmt"

// DemoSeed names what Demo put into a simulator.
type DemoSeed struct {
	Server Client // for connecting to Desk and CRM, multi-DC
	Self   Client // a self client of the eu user
	Device Client
	Users  []User // eu (Desk production and sandbox, CRM), us (one Desk org), ca (one Desk org)
}

// Demo seeds a simulator with a few people and applications. The redirect URIs go to the server
// client. IDs and secrets are the same every time, so that they can be written down.
func Demo(s *Sim, redirectURIs ...string) (DemoSeed, error) {
	seed := DemoSeed{
		Server: Client{ID: "1000.DEMOSERVER00000000000000000001", Secret: "demo-server-secret", Name: "Demo application",
			Type: ServerClient, HomeDC: "us", MultiDC: true, RedirectURIs: redirectURIs},
		Self: Client{ID: "1000.DEMOSELF0000000000000000000001", Secret: "demo-self-secret", Name: "Demo self client",
			Type: SelfClient, HomeDC: "eu", Owner: "ada@example.eu"},
		Device: Client{ID: "1004.DEMODEVICE00000000000000000001", Secret: "demo-device-secret", Name: "Demo device",
			Type: DeviceClient, HomeDC: "us", MultiDC: true},
	}
	people := []User{
		{Email: "ada@example.eu", DC: "eu", ZUID: "20060000001", EmailVerified: true, FirstName: "Ada", LastName: "Moreau", Orgs: []Org{
			{ID: "20067000001", Product: Desk, Name: "Moreau Support", Environment: Production, Default: true, Admin: true},
			{ID: "20067000002", Product: Desk, Name: "Moreau Support Sandbox", Environment: Sandbox, Admin: true},
			{ID: "20068000001", Product: CRM, Name: "Moreau", Environment: Production, Default: true, Admin: true},
			{ID: "20068000002", Product: CRM, Name: "Moreau Sandbox", Environment: Sandbox, Admin: true},
		}},
		{Email: "sam@example.com", DC: "us", ZUID: "10060000001", EmailVerified: true, FirstName: "Sam", LastName: "Lee", Orgs: []Org{
			{ID: "10067000001", Product: Desk, Name: "Lee Helpdesk", Environment: Production, Default: true, Admin: true},
		}},
		{Email: "remy@example.ca", DC: "ca", ZUID: "11060000001", EmailVerified: true, FirstName: "Rémy", LastName: "Gagnon", Orgs: []Org{
			{ID: "11067000001", Product: Desk, Name: "Gagnon Care", Environment: Production, Default: true},
		}},
	}
	for _, u := range people {
		added, err := s.AddUser(u)
		if err != nil {
			return DemoSeed{}, fmt.Errorf("seeding the demo: %w", err)
		}
		seed.Users = append(seed.Users, added)
	}
	for _, c := range []Client{seed.Server, seed.Self, seed.Device} {
		if err := s.AddClient(c); err != nil {
			return DemoSeed{}, fmt.Errorf("seeding the demo: %w", err)
		}
	}
	s.AddTicket("20067000001", "The invoice shows the wrong address")
	s.AddTicket("20067000001", "Cannot sign in since Monday")
	s.AddTicket("10067000001", "Where is my order?")
	s.AddContact("20067000001", "Durand", "durand@example.org")
	s.AddLead("20068000001", "Petit", "Petit et fils")
	return seed, nil
}
