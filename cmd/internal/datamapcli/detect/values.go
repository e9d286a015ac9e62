package detect

import (
	"encoding/json"
	"math/big"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"habeas/models/datamap"
)

// sign is what values of one form tell, when most of a column's samples have it.
type sign struct {
	category, identity string
	confidence         Confidence
	form               string // in words
	is                 func(string) bool
	kinds              []datamap.Kind
}

var signs = []sign{
	{email, "email", High, "e-mail addresses", isEmail, text},
	{bank, "", High, "IBANs", isIBAN, text},
	{card, "", Medium, "numbers with the check digit of payment cards", isCard, numbers},
	{phone, "", Medium, "telephone numbers", isPhone, text},
	{ipAddress, "", Medium, "IP addresses", isIP, text},
	{device, "", Medium, "MAC addresses", macAddress.MatchString, text},
}

// fromValues is what the samples look like; documents are searched key by key.
func fromValues(c Column) (Guess, bool) {
	if c.Kind == datamap.KindJSON {
		return fromDocuments(c.Samples)
	}
	var values []string
	for _, v := range c.Samples {
		for _, e := range v.Elements() {
			if t := strings.TrimSpace(e.Text()); t != "" {
				values = append(values, t)
			}
		}
	}
	for _, s := range signs {
		if slices.Contains(s.kinds, c.Kind) && mostly(values, s.is) {
			g := Guess{Category: s.category, Identity: s.identity, Confidence: s.confidence, Reason: "its values are " + s.form}
			if len(values) < 3 {
				g.Confidence = min(g.Confidence, Medium)
			}
			return g, true
		}
	}
	if c.Kind == datamap.KindText && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, " ") && mailInText.MatchString(v) }) {
		return Guess{Category: content, Confidence: Medium, Reason: "its texts contain e-mail addresses", Free: true}, true
	}
	return Guess{}, false
}

// mostly: three of five, since real data has gaps and errors.
func mostly(values []string, is func(string) bool) bool {
	n := 0
	for _, v := range values {
		if is(v) {
			n++
		}
	}
	return n > 0 && n*5 >= len(values)*3
}

var (
	macAddress = regexp.MustCompile(`^(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}$`)
	mailInText = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}`)
	iban       = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)
	cardDigits = regexp.MustCompile(`^[3-6][0-9]{12,18}$`)
	unspaced   = strings.NewReplacer(" ", "", "-", "")
)

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" {
		return false
	}
	_, domain, _ := strings.Cut(a.Address, "@")
	return strings.Contains(domain, ".")
}

// isPhone knows numbers in the international form only; in a national one any number is somewhere valid.
func isPhone(s string) bool {
	if strings.HasPrefix(s, "00") {
		s = "+" + s[2:]
	}
	if !strings.HasPrefix(s, "+") {
		return false
	}
	n, err := phonenumbers.Parse(s, "ZZ")
	return err == nil && phonenumbers.IsPossibleNumber(n)
}

func isIP(s string) bool {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.IsSingleIP()
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isIBAN checks the form and the two check digits (ISO 13616: the rearranged number is 1 modulo 97).
func isIBAN(s string) bool {
	s = strings.ToUpper(unspaced.Replace(s))
	if !iban.MatchString(s) {
		return false
	}
	var digits strings.Builder
	for _, r := range s[4:] + s[:4] {
		if r >= 'A' {
			digits.WriteString(string('1'+(r-'A')/10) + string('0'+(r-'A')%10))
			continue
		}
		digits.WriteRune(r)
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && n.Mod(n, big.NewInt(97)).Int64() == 1
}

// isCard checks the length, the first digit and the check digit (Luhn).
func isCard(s string) bool {
	s = unspaced.Replace(s)
	if !cardDigits.MatchString(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// fromDocuments looks at each key of JSON documents as at a column, and returns the strongest guess.
func fromDocuments(samples []datamap.Value) (Guess, bool) {
	keys := map[string][]datamap.Value{}
	for _, v := range samples {
		var doc any
		if json.Unmarshal([]byte(v.Text()), &doc) == nil {
			leaves("", doc, keys, 0)
		}
	}
	paths := make([]string, 0, len(keys))
	for p := range keys {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var best Guess
	for _, p := range paths {
		name := p[strings.LastIndexByte(p, '.')+1:]
		g, ok := Look(Column{Name: name, Kind: datamap.KindText, Samples: keys[p]}, Setting{Person: true, Address: true})
		if ok && !g.Free && g.Confidence > best.Confidence {
			best = Guess{Category: g.Category, Confidence: min(g.Confidence, Medium), Reason: "documents in it: " + g.Reason}
			if strings.HasPrefix(g.Reason, byItsName) { // a word of the rules; a key that is data itself is never told
				best.Reason = "its documents have a key " + name
			}
		}
	}
	return best, best.Confidence > 0
}

// Bounds of what is read of a document.
const (
	maxDepth = 5
	maxKeys  = 200
)

func leaves(path string, doc any, into map[string][]datamap.Value, depth int) {
	switch d := doc.(type) {
	case map[string]any:
		for k, v := range d {
			if depth < maxDepth && len(into) < maxKeys && keyLike(k) {
				leaves(strings.TrimPrefix(path+"."+k, "."), v, into, depth+1)
			}
		}
	case []any:
		for _, e := range d {
			leaves(path, e, into, depth+1)
		}
	case string:
		into[path] = append(into[path], datamap.Text(d))
	}
}

var keyName = regexp.MustCompile(`^[\p{L}_][\p{L}0-9_-]{0,40}$`)

// keyLike keeps keys that are data themselves, such as names or addresses, out of what is printed.
func keyLike(k string) bool { return keyName.MatchString(k) && strings.Count(k, "-") < 4 }
