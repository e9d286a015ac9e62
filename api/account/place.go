package account

import (
	"net/http"
	"net/netip"
	"strings"

	"habeas/models/store"
)

// placeOf is where a call comes from, as a person is shown it: the network of the address, and the browser and system by name.
func (a *Account) placeOf(r *http.Request) store.Place {
	return store.Place{Network: network(a.Address(r), 24, 48), Device: device(r.UserAgent())}
}

// sourceOf is what one client is taken to be: an IPv4 address, or the /64 of an IPv6 address.
func (a *Account) sourceOf(r *http.Request) string { return network(a.Address(r), 32, 64) }

func network(address string, four, six int) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	bits := six
	if ip.Is4() {
		bits = four
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// browsers and systems in the order in which they are looked for: most browsers name others beside themselves.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

// device names a browser and its system; empty for what is unknown. Nothing of the header itself is kept.
func device(userAgent string) string {
	var parts []string
	for _, known := range [][][2]string{browsers, systems} {
		for _, one := range known {
			if strings.Contains(userAgent, one[0]) {
				parts = append(parts, one[1])
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
