package store

import (
	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/store/vault"
)

// keyOf unwraps a request's key; it fails with key_destroyed once the request was shredded.
func (s *Store) keyOf(tx *gorm.DB, requestID models.ID) (*vault.Key, error) {
	var row requestRow
	if err := tx.Select("id", "wrapped_key").Where("id = ?", requestID).Take(&row).Error; err != nil {
		return nil, missing(err, "request")
	}
	return s.vault.Unwrap(row.ID, row.WrappedKey)
}

// sealText seals a text with a request's key; an empty text is stored as NULL.
func sealText(key *vault.Key, place string, text models.Personal) []byte {
	if text == "" {
		return nil
	}
	return key.Seal(place, []byte(text.Reveal()))
}

// openText opens what sealText made.
func openText(key *vault.Key, place string, sealed []byte) (models.Personal, error) {
	if sealed == nil {
		return "", nil
	}
	plain, err := key.Open(place, sealed)
	return models.Personal(plain), err
}
