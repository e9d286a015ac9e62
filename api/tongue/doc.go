// Package tongue owns in which language a call is answered: as its address says, else as the person chose before, else as the browser prefers.
// It must not render anything, and the cookie that remembers a choice holds nothing but the language.
package tongue
