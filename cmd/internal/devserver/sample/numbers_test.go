package sample

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckDigitsAreThoseOfISO6346(t *testing.T) {
	t.Parallel()
	for number, digit := range map[string]int{"CSQU305438": 3, "MSKU907032": 3, "TGHU759933": 0} { // published examples
		require.Equal(t, digit, checkDigit(number), number)
	}
}

func TestBankAccountsPassTheirChecksum(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		s := iban(r)
		require.Len(t, s, 22)
		n, ok := new(big.Int).SetString(s[4:]+"1314"+s[2:4], 10)
		require.True(t, ok)
		require.Equal(t, int64(1), new(big.Int).Mod(n, big.NewInt(97)).Int64())
	}
}

func TestTheSameDayMakesTheSameData(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	small := size{companies: 30, private: 60, contacts: 20, consignees: 10}
	require.Equal(t, generate(now, small), generate(now, small))
}

// Whatever the day, the short hold of the demo person ends on it, and the holds that are to be over are.
func TestTheDemosHoldsDoNotDependOnTheDay(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-01-01", "2026-03-31", "2027-12-31", "2028-02-29"} {
		now, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		var confirmations, declarations []string
		for _, table := range generate(now.Add(12*time.Hour), size{companies: 30, private: 5, contacts: 1, consignees: 1}) {
			for _, row := range table.rows {
				switch table.name {
				case "delivery_confirmations":
					if row[4] == "mara.lindholm@letters.example" {
						confirmations = append(confirmations, row[2].(time.Time).Format(time.DateOnly))
					}
				case "declarations":
					if strings.EqualFold(row[6].(string), "mara.lindholm@letters.example") {
						declarations = append(declarations, row[3].(time.Time).Format(time.DateOnly))
					}
				}
			}
		}
		require.Contains(t, confirmations, now.AddDate(0, 0, -3).Format(time.DateOnly))
		require.Len(t, declarations, 2)
		require.GreaterOrEqual(t, declarations[0][:4], now.AddDate(-2, 0, 0).Format("2006"))
		require.Less(t, declarations[1][:4], now.AddDate(-3, 0, 0).Format("2006"))
	}
}
