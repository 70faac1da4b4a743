"""What a person changed, in their own words: kept for themselves, or shared with their partner."""
