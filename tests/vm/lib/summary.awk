# Prints results.tsv in a readable form: one line per command, then failures, kernel errors, and each distinct reason for skipped tests.
# Exit code 1 if anything failed.
BEGIN { FS = "\t" }

$1 == "run" { title = sprintf("kernel %s (%s, %s), %d s", $2, $3, $4, $5) }
$1 == "guest" { end = sprintf("; init after %s s", $3 == "" ? "-" : $3) ($4 == "ended" ? "" : "; the guest " ($4 == "deadline" ? "had to be ended at its deadline" : "died")); if ($4 != "ended") bad = 1 }
$1 == "command" {
    rows[++count] = sprintf("  %-20s %-10s %5d passed %4d failed %4d skipped %8s s%s", $2, $3, $6, $7, $8, $5 == "" ? "-" : $5, $9 == "" ? "" : "  " $9)
    if ($3 != "passed") bad = 1
}
$1 == "test" && $3 == "FAIL" { failures[++failureCount] = "  failed: " $4 ($5 == "" ? "" : ": " $5) }
$1 == "test" && $3 == "SKIP" { if (!($5 in reasons)) reasonOrder[++reasonCount] = $5; reasons[$5]++ }
$1 == "kernel-log" && $3 == "trouble" { trouble[++troubleCount] = "  kernel: " $4 }

END {
    print title end
    for (i = 1; i <= count; i++) print rows[i]
    for (i = 1; i <= failureCount; i++) print failures[i]
    for (i = 1; i <= troubleCount && i <= 20; i++) print trouble[i]
    for (i = 1; i <= reasonCount; i++) printf "  %d skipped: %s\n", reasons[reasonOrder[i]], reasonOrder[i] == "" ? "no reason given" : reasonOrder[i]
    exit bad
}
