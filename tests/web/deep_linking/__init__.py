"""Tests of the content picker."""
