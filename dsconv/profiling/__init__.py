"""Schedules chosen by measurements on GVSoC instead of by estimates."""
