//go:build ignore

// This program writes common.txt: see common.go.
package main

import (
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const minRunes = 12

// plain is the plain of policy.go.
func plain(text string) string { return leet.Replace(strings.ToLower(text)) }

var leet = strings.NewReplacer("0", "o", "1", "i", "l", "i", "|", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t")

func main() {
	all := map[string]bool{}
	add := func(text string) {
		if utf8.RuneCountInString(text) >= minRunes {
			all[plain(text)] = true
		}
	}
	for _, p := range strings.Fields(handmade) {
		add(p)
	}
	words := strings.Fields(common)
	for _, w := range words {
		grow(w, add)
		for _, other := range words[:12] {
			add(w + other)
		}
	}
	for _, row := range strings.Fields(walks) {
		walk(row, add)
	}
	lines := slices.Sorted(maps.Keys(all))
	if err := os.WriteFile("common.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d passwords", len(lines))
}

// grow adds what people append to a word until a rule is content.
func grow(w string, add func(string)) {
	add(w)
	add(w + w)
	add(w + w + w)
	for _, tail := range strings.Fields(tails) {
		add(w + tail)
	}
	for _, head := range strings.Fields("my the i 1 123 1234 iam ilove") {
		add(head + w)
	}
	add(w + "2000") // any year, see common.go
}

// walk adds the ways along a row of keys, forwards, backwards and repeated.
func walk(row string, add func(string)) {
	back := []rune(row)
	slices.Reverse(back)
	for _, r := range []string{row, string(back)} {
		for _, other := range []string{"", r, "123", "1234", "12345", "123456", "1234567890"} {
			long := r + other
			for n := minRunes; n <= len(long); n++ {
				add(long[:n])
				add(long[len(long)-n:])
			}
		}
	}
	for n := 2; n <= min(8, len(row)); n++ {
		unit := row[:n]
		for times := 2; times*n <= 24; times++ {
			add(strings.Repeat(unit, times))
		}
	}
}

const walks = `
qwertyuiopasdfghjklzxcvbnm qwertzuiopasdfghjklyxcvbnm azertyuiopqsdfghjklmwxcvbn abcdefghijklmnopqrstuvwxyz
12345678901234567890 01234567890123456789 98765432109876543210 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 1qaz2wsx3edc4rfv5tgb6yhn7ujm
qazwsxedcrfvtgbyhnujmikolp zaqxswcdevfrbgtnhymjukilop zaq12wsxcde34rfvbgt56yhn 1a2b3c4d5e6f7g8h9i a1b2c3d4e5f6g7h8i9 aqzsedrftgyhujikolpm
1a2z3e4r5t6y7u8i9o0p asdfghjklqwertyuiop zxcvbnmasdfghjklqwertyuiop qweasdzxcrtyfghvbn poiuytrewqlkjhgfdsamnbvcxz 147258369147258369
159753159753 789456123789456123 741852963741852963 112233445566778899 111222333444555666 123123123123123 123321123321123 qweqweqweqwe asdasdasdasd
zxczxczxczxc aaaabbbbcccc abcabcabcabc abc123abc123abc123 123abc123abc123abc qwe123qwe123qwe123 asd123asd123asd123 q1q1q1q1q1q1 aa112233445566 1234qwerasdfzxcv
1234qwertyuiop qwerasdfzxcv1234 asdfqwerzxcv password1password qwer1234asdf5678 zxcvbnm1234567890 asdfghjkl1234567890 qwertyuiop1234567890
`

const tails = `
1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 00 000 007 01 11 21 22 23 69 77 88 99 100 101 111 1111 222 2222 321 4321 54321 333 456 555
666 777 7777 789 888 999 9999 abc abcd abc123 123abc 1a 1q2w 1q2w3e qwe qwerty aaa xxx xyz zzz forever me you the is1 one two please 1qaz qaz asd zxc
`

const handmade = `
123456789012 1234567890123 012345678901 passwordpassword password1234 password12345 password123456 password@123 p@ssw0rd1234 passw0rd1234
iloveyou1234 iloveyouforever iloveyousomuch iloveyoubaby iloveyou12345 correcthorsebatterystaple correct-horse-battery-staple letmeinplease letmein12345
changemeplease changeme1234 changeme123! pleasechangeme changethispassword defaultpassword temppassword temporarypassword temporary123 newpassword1 newpassword123
mypassword123 mypassword1234 thisismypassword thisisapassword thisispassword nopassword123 passwordpassword1 supersecret123 supersecretpassword topsecret1234
secretsecret1 administrator administrator1 administrator123 adminadminadmin adminadmin123 admin1234567 admin123456789 adminpassword rootrootroot rootpassword
welcome12345 welcome123456 welcome@1234 welcome@123456 welcometothejungle welcomewelcome companypassword company12345 football1234 football12345 baseball1234
basketball1 basketball12 basketball123 superman1234 spiderman123 batman123456 starwars1234 pokemon12345 naruto123456 minecraft123 playstation1 playstation2
playstation3 chocolate123 strawberry12 butterfly123 princess1234 sunshine1234 monkey123456 dragon123456 master123456 shadow123456 michael12345 jennifer1234
charlie12345 liverpool123 liverpoolfc1 manchester12 manchesterunited realmadrid123 barcelona123 christopher1 jesuschrist1 jesusislord1 jesuslovesme godisgood123
godblessyou1 inshallah123 bismillah123 alhamdulillah trustno1trustno1 thequickbrownfox quickbrownfox1 theansweris42 maytheforcebewithyou winteriscoming
winteriscoming1 youshallnotpass iamyourfather1 tobeornottobe openthedoor1 opensesame123 opensesame1234 abracadabra1 abracadabra123 computer1234 internet1234
samsung12345 google123456 facebook1234 microsoft123 windows12345 linux1234567 cisco1234567 oracle123456 hello1234567 helloworld12 helloworld123 hellohello12
goodmorning1 goodnight123 september123 november2024 december2024 december2025 january2025! february2025 summer2024!! winter2024!! spring2024!! autumn2024!!
motdepasse12 motdepasse123 motdepasse1234 monmotdepasse monmotdepasse1 lemotdepasse jetaime12345 jetaime123456 jetaimejetaime azertyuiop12 azertyuiop123
azerty123456 azerty1234567 azerty12345678 bonjour12345 bonjour123456 soleil123456 doudou123456 loulou123456 chouchou1234 coucou123456 marseille123 parissaintgermain
vivelafrance liberteegalite liberteegalitefraternite bienvenue123 bienvenue2024 bienvenue2025 entreprise123 administrateur administrateur1 utilisateur1 utilisateur123
changezmoi123 chocolat1234 princesse123 papillon1234 nicolas12345 alexandre123 sandrine1234 isabelle1234 frederic1234 stephanie123 sebastien123 christophe1 christophe12
passwort1234 passwort12345 hallo1234567 hallohallo12 schalke04schalke contrasena123 contrasena1234 tequieromucho tequiero1234 realmadrid12 teamomucho12 senha1234567
parola123456 haslo1234567 wachtwoord12 wachtwoord123 qwertyqwerty qwertyqwerty1 asdfasdfasdf zxcvzxcvzxcv abcd12345678 abcd1234abcd aa123456789a a12345678910
q123456789012 1qaz2wsx3edc 1qazxsw23edc zaq1xsw2cde3 zaq12wsxcde3 !qaz2wsx#edc 1qaz@wsx3edc p@55w0rd1234 pa$$word1234 pa55word1234 testtesttest testtest1234
test12345678 testpassword useruseruser guestguest12 demodemodemo demo12345678 loginlogin12 letmeinletmein whatever1234 nothing12345 something123 anything1234
idontknow123 idontcare123 dontforgetme fuckyou12345 fuckyoufuckyou fuckoff12345 bullshit1234 asshole12345 blink182blink metallica123 slipknot1234 linkinpark12
eminem123456 beatles12345 elvispresley rockandroll1 heavymetal12 ladygaga1234 onedirection justinbieber taylorswift1 michaeljackson harrypotter1 harrypotter12
harrypotter123 lordoftherings gameofthrones mickeymouse1 donaldduck12 hellokitty12 hellokitty123 spongebob123 tinkerbell12 tinkerbell1 winniethepooh
`

const common = `
password admin welcome letmein qwerty azerty iloveyou monkey dragon master login abc123 football baseball sunshine princess shadow superman michael secret
changeme default company service support manager system server network office business access account security private public database backup internet computer
summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november
december motdepasse bonjour soleil bienvenue administrator
passw0rd user test guest demo root temp temporary newpassword mypassword thepassword secretpassword supersecret topsecret hello helloworld whatever trustno1 starwars
jennifer jordan hunter batman thomas robert daniel andrew joshua matthew jessica ashley nicole amanda michelle charlie george harley ranger buster soccer hockey
killer pepper ginger cookie cheese summer1 flower orange banana chocolate strawberry butterfly purple yellow silver golden diamond crystal angel angels heaven
jesus christ church blessed family mother father brother sister daddy mommy friend friends forever lovely loveme lover sweetheart honey baby babygirl beautiful
london paris berlin madrid newyork chicago dallas boston california texas florida america england france germany canada australia india mexico brazil italy spain
liverpool arsenal chelsea manchester barcelona realmadrid juventus marseille steelers cowboys yankees lakers eagles packers patriots raiders
mercedes ferrari porsche toyota honda corvette mustang camaro yamaha harleydavidson samsung apple google facebook microsoft windows linux oracle cisco android
iphone nintendo playstation xbox minecraft pokemon naruto warcraft starcraft counterstrike spiderman ironman avengers pikachu gandalf matrix terminator
alexander alexandra alexandre christopher christophe christian christine stephanie elizabeth catherine katherine victoria benjamin nicholas nicolas jonathan
anthony william richard patrick francois philippe laurent isabelle nathalie sandrine caroline charlotte camille julien maxime antoine vincent sebastien
doudou loulou chouchou coucou jetaime princesse chocolat papillon marie martin
metallica slipknot nirvana eminem beatles rockstar guitar music dancer player gamer winner champion legend warrior knight wizard magic mystery phoenix tiger
lion eagle falcon wolf panther dolphin turtle rabbit horse puppy kitten snoopy scooby garfield mickey minnie tweety bubbles rainbow unicorn princess1
freedom liberty victory success power energy money dollar million lucky happy smile peace love hope faith dream dreams summertime christmas halloween holiday
vacation birthday university college school student teacher doctor nurse engineer developer marketing finance accounting sales production staging development
`
