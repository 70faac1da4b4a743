"""Adding the activity from a platform's content picker."""
