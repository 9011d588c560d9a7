package eviction

import (
	"encoding/json"
	"testing"
)

// Each tier has its own name, of its directory and in JSON.
func TestPerTier(t *testing.T) {
	t.Parallel()
	var all struct {
		Before int `json:"before"`
		PerTier[Count]
	}
	if len(AllTiers()) != Tiers {
		t.Fatalf("%d of %d tiers", len(AllTiers()), Tiers)
	}
	for i, tier := range AllTiers() {
		if Tier(i) != tier {
			t.Errorf("tier %d is at %d", tier, i)
		}
		all.Of(tier).Files = int64(i + 1)
	}
	if all.Originals.Files != 1 || all.Mezzanines.Files != 2 || all.Derivatives.Files != 3 {
		t.Errorf("of the tiers: %+v", all)
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]json.RawMessage
	if err := json.Unmarshal(data, &read); err != nil || len(read) != 1+Tiers {
		t.Fatalf("%s (%v)", data, err)
	}
	for _, tier := range AllTiers() {
		var c Count
		if err := json.Unmarshal(read[tier.String()], &c); err != nil || c != *all.Of(tier) {
			t.Errorf("%v is %+v in %s (%v)", tier, c, data, err)
		}
	}
}

func TestTierString(t *testing.T) {
	t.Parallel()
	for tier, want := range map[Tier]string{Originals: "originals", Mezzanines: "mezzanines", Derivatives: "derivatives"} {
		if tier.String() != want {
			t.Errorf("%d is %q, want %q", tier, tier, want)
		}
	}
}
