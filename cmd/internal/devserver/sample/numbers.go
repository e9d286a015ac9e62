package sample

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// checkDigit is the check digit of ISO 6346, which also ends a customs MRN: each character's value times two to the power of
// its place, modulo 11, ten counting as zero. Letters count from 10 and leave out the multiples of 11.
func checkDigit(s string) int {
	sum := 0
	for i, c := range s {
		value := int(c - '0')
		if c >= 'A' {
			value = 10 + int(c-'A')
			value += (value - 1) / 10 // A=10, B=12 … K=21, L=23 … U=32, V=34
		}
		sum += value << i
	}
	return sum % 11 % 10
}

// containerNumber is an ISO 6346 number: owner and category U, six digits, check digit.
func containerNumber(r *rand.Rand) string {
	s := owners[r.IntN(len(owners))] + "U" + fmt.Sprintf("%06d", r.IntN(1_000_000))
	return s + strconv.Itoa(checkDigit(s))
}

const alphanumeric = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"

// mrn is a master reference number of a customs declaration: year, country, twelve characters, procedure, check digit.
func mrn(r *rand.Rand, year int, country string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%02d%s", year%100, country)
	for range 12 {
		b.WriteByte(alphanumeric[r.IntN(len(alphanumeric))])
	}
	b.WriteByte('R')
	return b.String() + strconv.Itoa(checkDigit(b.String()))
}

// iban is a German IBAN with its check digits; the bank code belongs to no bank.
func iban(r *rand.Rand) string {
	account := fmt.Sprintf("99999999%010d", r.Int64N(10_000_000_000))
	n, _ := new(big.Int).SetString(account+"131400", 10) // D=13, E=14, 00
	rest := new(big.Int).Mod(n, big.NewInt(97)).Int64()
	return fmt.Sprintf("DE%02d%s", 98-rest, account)
}

func uuid(r *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// decimal is n in units of the given number of decimal places.
func decimal(n int64, places int32) pgtype.Numeric {
	return pgtype.Numeric{Int: big.NewInt(n), Exp: -places, Valid: true}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
