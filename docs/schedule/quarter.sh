#!/usr/bin/env bash
# Runs the quarter that ended last. Silent when it was published; otherwise prints the log and ends with the exit code
# of `arrears`, so that cron mails it and systemd marks the unit as failed.
set -uo pipefail
cd "${ARREARS_HOME:?the folder of the project}" || exit 1
portfolio=${ARREARS_PORTFOLIO:?the folder of the portfolio}
month=$(date -d "$(date +%Y-%m-15) -1 month" +%-m)
year=$(date -d "$(date +%Y-%m-15) -1 month" +%Y)
period=${1:-${year}Q$(((month + 2) / 3))}

mkdir -p reports/work/logs
log=reports/work/logs/$period-$(date -u +%Y%m%dT%H%M%SZ).log
.venv/bin/arrears report --portfolio "$portfolio" --period "$period" >"$log" 2>&1
code=$?
if [ "$code" -ne 0 ]; then
  echo "The report of $period was not published (exit code $code). The last good report stands. Log: $log"
  cat "$log"
fi
exit "$code"
