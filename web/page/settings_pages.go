package page

// The pages of the workspace's settings.
var (
	Settings        = Admin[SettingsPage]("settings_form", "settings")
	SettingsSignAll = Admin[SettingsSignAllPage]("settings_sign_all", "settings")
)

// SettingsPage is what a workspace is, and what it decided about its people.
type SettingsPage struct {
	Name, Slug, ID string
	Address        Copied
	Matches        bool   // the browser is at that address
	Here           string // where the browser is
	Differs        string // what it is called that the browser is elsewhere
	Hosts          []string
	Redirects      []Copied

	FormToken   string
	Rev         int64
	Corrections Corrections
	// Meanwhile is what somebody else stored while the form was filled in.
	Meanwhile []SettingsFact
	MayModify bool
	MayFreeze bool
	Facts     []SettingsFact // shown to who may only look
	Idle      Field
	Life      Field
	Local     Choice
	Password  Field
	Straight  Field
	Returns   Field
}

// Faulty reports that something needs a correction.
func (p SettingsPage) Faulty() bool { return len(p.Corrections) > 0 }

// SettingsFact is a setting as it is stored.
type SettingsFact struct{ Label, Value string }

// SettingsSignAllPage asks whether everybody is to be signed out.
type SettingsSignAllPage struct{ FormToken string }
