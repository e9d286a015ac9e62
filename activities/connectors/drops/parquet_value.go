package drops

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"habeas/models/datamap"
)

// logical is what the column's values mean beyond their bits; nil when the file does not say.
func (l *leaf) logical() format.LogicalTypeValue {
	if t := l.column.Node.Type().LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

// kind is the kind of the column's values.
func (l *leaf) kind() datamap.Kind {
	switch t := l.logical().(type) {
	case *format.StringType, *format.EnumType:
		return datamap.KindText
	case *format.JsonType:
		return datamap.KindJSON
	case *format.UUIDType:
		return datamap.KindUUID
	case *format.DecimalType:
		return datamap.KindDecimal
	case *format.DateType:
		return datamap.KindDate
	case *format.TimeType:
		return datamap.KindTime
	case *format.TimestampType:
		if t.IsAdjustedToUTC {
			return datamap.KindTimestamp
		}
		return datamap.KindDateTime
	}
	switch l.column.Node.Type().Kind() {
	case parquet.Boolean:
		return datamap.KindBool
	case parquet.Int32, parquet.Int64:
		return datamap.KindInt
	case parquet.Int96:
		return datamap.KindTimestamp
	case parquet.Float, parquet.Double:
		return datamap.KindDecimal
	default:
		return datamap.KindBytes
	}
}

const (
	dateTimeForm = "2006-01-02T15:04:05.999999999"
	timeForm     = "15:04:05.999999999"
	day          = 24 * time.Hour
)

// decode is a value of the column.
func (l *leaf) decode(v parquet.Value) datamap.Value {
	if v.IsNull() {
		return datamap.Null
	}
	text := ""
	switch kind := l.kind(); kind {
	case datamap.KindBool:
		text = strconv.FormatBool(v.Boolean())
	case datamap.KindInt:
		text = l.integer(v)
	case datamap.KindDecimal:
		text = l.decimal(v)
	case datamap.KindDate:
		text = time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)
	case datamap.KindTime:
		text = time.Unix(0, 0).UTC().Add(l.since(v)).Format(timeForm)
	case datamap.KindTimestamp:
		text = l.instant(v).Format(time.RFC3339Nano)
	case datamap.KindDateTime:
		text = l.instant(v).Format(dateTimeForm)
	case datamap.KindUUID:
		h := hex.EncodeToString(v.ByteArray())
		if len(h) == 32 {
			text = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		}
	default:
		text = string(v.ByteArray())
		if kind != datamap.KindBytes && !utf8.ValidString(text) {
			return datamap.NewValue(datamap.KindBytes, text)
		}
	}
	return datamap.NewValue(l.kind(), text)
}

func (l *leaf) integer(v parquet.Value) string {
	t, ok := l.logical().(*format.IntType)
	unsigned := ok && !t.IsSigned
	switch {
	case v.Kind() == parquet.Int32 && unsigned:
		return strconv.FormatUint(uint64(v.Uint32()), 10)
	case v.Kind() == parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case unsigned:
		return strconv.FormatUint(v.Uint64(), 10)
	default:
		return strconv.FormatInt(v.Int64(), 10)
	}
}

func (l *leaf) decimal(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	default: // a whole number with a scale
	}
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default:
		n = signed(v.ByteArray())
	}
	scale := l.scale()
	digits := n.Text(10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if scale <= 0 {
		return sign + digits
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func (l *leaf) scale() int {
	if t, ok := l.logical().(*format.DecimalType); ok {
		return int(t.Scale)
	}
	return 0
}

// signed reads a number in two's complement, its first byte the highest.
func signed(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// twos writes a number so, in size bytes, or as many as it needs for 0; false when it needs more.
func twos(n *big.Int, size int) ([]byte, bool) {
	need := n.BitLen()/8 + 1
	if size == 0 {
		size = need
	}
	if need > size {
		return nil, false
	}
	m := n
	if n.Sign() < 0 {
		m = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return m.FillBytes(make([]byte, size)), true
}

func (l *leaf) unit() time.Duration {
	switch t := l.logical().(type) {
	case *format.TimestampType:
		return t.Unit.Value.Duration()
	case *format.TimeType:
		return t.Unit.Value.Duration()
	}
	return time.Nanosecond
}

func (l *leaf) since(v parquet.Value) time.Duration {
	if v.Kind() == parquet.Int32 {
		return time.Duration(v.Int32()) * l.unit()
	}
	return time.Duration(v.Int64()) * l.unit()
}

// julian is the day number of 1970-01-01 in the old form of timestamps.
const julian = 2440588

func (l *leaf) instant(v parquet.Value) time.Time {
	if v.Kind() == parquet.Int96 {
		i := v.Int96()
		return time.Unix((int64(i[2])-julian)*86400, int64(uint64(i[1])<<32|uint64(i[0]))).UTC()
	}
	per := int64(time.Second / l.unit())
	n := v.Int64()
	return time.Unix(n/per, n%per*int64(l.unit())).UTC()
}

// encode is a value as the column holds it; errType when it cannot.
func (l *leaf) encode(v datamap.Value) (parquet.Value, error) {
	text := v.Text()
	none := parquet.NullValue()
	switch kind := l.kind(); kind {
	case datamap.KindBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return none, errType
		}
		return parquet.BooleanValue(b), nil
	case datamap.KindInt:
		return l.encodeInteger(text)
	case datamap.KindDecimal:
		return l.encodeDecimal(text)
	case datamap.KindDate, datamap.KindTime, datamap.KindTimestamp, datamap.KindDateTime:
		return l.encodeMoment(kind, text)
	case datamap.KindUUID:
		b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		if err != nil || len(b) != 16 {
			return none, errType
		}
		return parquet.FixedLenByteArrayValue(b), nil
	case datamap.KindBytes:
		if l.column.Node.Type().Kind() == parquet.FixedLenByteArray {
			if len(text) != l.column.Node.Type().Length() {
				return none, errType
			}
			return parquet.FixedLenByteArrayValue([]byte(text)), nil
		}
		return parquet.ByteArrayValue([]byte(text)), nil
	default:
		if v.Kind() == datamap.KindBytes {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		return parquet.ByteArrayValue([]byte(text)), nil
	}
}

func (l *leaf) encodeInteger(text string) (parquet.Value, error) {
	t, sized := l.logical().(*format.IntType)
	bits := 64
	if l.column.Node.Type().Kind() == parquet.Int32 {
		bits = 32
	}
	if sized {
		bits = int(t.BitWidth)
	}
	var n int64
	var err error
	if sized && !t.IsSigned {
		var u uint64
		u, err = strconv.ParseUint(strings.TrimSpace(text), 10, bits)
		n = int64(u)
	} else {
		n, err = strconv.ParseInt(strings.TrimSpace(text), 10, bits)
	}
	switch {
	case err != nil:
		return parquet.NullValue(), errType
	case l.column.Node.Type().Kind() == parquet.Int32:
		return parquet.Int32Value(int32(n)), nil
	default:
		return parquet.Int64Value(n), nil
	}
}

func (l *leaf) encodeDecimal(text string) (parquet.Value, error) {
	none := parquet.NullValue()
	physical := l.column.Node.Type().Kind()
	if physical == parquet.Float || physical == parquet.Double {
		f, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
			return none, errType
		case physical == parquet.Float:
			return parquet.FloatValue(float32(f)), nil
		}
		return parquet.DoubleValue(f), nil
	}
	r, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	if !ok || strings.ContainsAny(text, "/eExXpP_") {
		return none, errType
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(l.scale())), nil)))
	if !r.IsInt() || !l.precise(r.Num()) {
		return none, errType
	}
	switch physical {
	case parquet.Int32:
		return parquet.Int32Value(int32(r.Num().Int64())), nil
	case parquet.Int64:
		return parquet.Int64Value(r.Num().Int64()), nil
	default: // bytes
	}
	size := 0
	if physical == parquet.FixedLenByteArray {
		size = l.column.Node.Type().Length()
	}
	b, ok := twos(r.Num(), size)
	switch {
	case !ok:
		return none, errType
	case size > 0:
		return parquet.FixedLenByteArrayValue(b), nil
	}
	return parquet.ByteArrayValue(b), nil
}

// precise reports whether the number has no more digits than the column.
func (l *leaf) precise(n *big.Int) bool {
	t, ok := l.logical().(*format.DecimalType)
	return ok && len(new(big.Int).Abs(n).Text(10)) <= int(t.Precision)
}

func (l *leaf) encodeMoment(kind datamap.Kind, text string) (parquet.Value, error) {
	none := parquet.NullValue()
	t, ok := parseMoment(kind, strings.TrimSpace(text))
	if !ok {
		return none, errType
	}
	physical := l.column.Node.Type().Kind()
	switch {
	case kind == datamap.KindDate:
		return parquet.Int32Value(int32(t.Unix() / 86400)), nil
	case kind == datamap.KindTime && physical == parquet.Int32:
		return parquet.Int32Value(int32(t.Sub(t.Truncate(day)) / l.unit())), nil
	case kind == datamap.KindTime:
		return parquet.Int64Value(int64(t.Sub(t.Truncate(day)) / l.unit())), nil
	case physical == parquet.Int96:
		days := t.Unix() / 86400
		b := binary.LittleEndian.AppendUint64(nil, uint64(t.Sub(time.Unix(days*86400, 0))))
		return parquet.Int96Value([3]uint32{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), uint32(days + julian)}), nil
	}
	return parquet.Int64Value(t.Unix()*int64(time.Second/l.unit()) + int64(t.Nanosecond())/int64(l.unit())), nil
}

func parseMoment(kind datamap.Kind, text string) (time.Time, bool) {
	layouts := []string{time.RFC3339Nano, dateTimeForm, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly}
	switch kind {
	case datamap.KindTime:
		layouts = []string{timeForm}
	case datamap.KindDate:
		layouts = []string{time.DateOnly}
	default: // an instant
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
