"""Having unattended runs started by what the machine has: a systemd user timer, a crontab, launchd. No resident process."""
