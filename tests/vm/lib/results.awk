# Converts the console output of a guest to records: one per line, with fields separated by tabs.
#   command     name  outcome  status  seconds  passed  failed  skipped  remark
#   test        command  PASS|FAIL|SKIP  name  reason
#   kernel-log  command  trouble|notice  message
#   guest       release  seconds to init  outcome
# Outcomes: passed, failed, unfinished (begun without an end), not-run. A command that prints no counts counts as one test; its exit status
# is the result. The variable `commands` names the file with `name<TAB>command` for each command of the guest.

BEGIN {
    FS = "\t"; OFS = "\t"
    while ((getline < commands) > 0) order[++count] = $1
    close(commands)
    FS = " "
}

{ sub(/\r$/, ""); gsub(/\t/, " ") }

$1 == "ZCRX-READY" { release = $2; boot = $3; next }
$1 == "ZCRX-BEGIN" { current = $2; begun[current] = 1; next }
$1 == "ZCRX-END" { ended[$2] = 1; status[$2] = $3; seconds[$2] = $4; current = ""; next }
$1 == "ZCRX-DONE" { done = 1; next }

# At the end of a command, the guest prints the kernel messages since its beginning.
$1 == "ZCRX-KERNEL" {
    name = $2
    sub(/^ZCRX-KERNEL [^ ]+ /, "")
    kernel(name, $0)
    next
}

# The kernel itself prints only emergencies to the console, and may die afterwards.
/^\[ *[0-9]+\.[0-9]+\] / { kernel(current == "" ? "guest" : current, $0); next }

current == "" { next }

/^(PASS|FAIL|SKIP) ./ { test(current, $1, substr($0, 6)); next }

/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
    counted[current] = 1
    said[current, "PASS"] = $1; said[current, "FAIL"] = $3; said[current, "SKIP"] = $5
}

# Splits `name [reason]`. The name of a theory case may contain brackets within its parentheses. The text of a passed test is only a name.
function test(command, outcome, text,    at, name, reason) {
    name = text
    reason = ""
    if (outcome != "PASS") {
        if (text ~ /\]$/ && (at = index(text, ") [")) > 0) at++
        else if (text ~ /\]$/) at = index(text, " [")
        else at = 0
        if (at > 0) {
            name = substr(text, 1, at - 1)
            reason = substr(text, at + 2, length(text) - at - 2)
        } else if ((at = index(text, " ")) > 0) {
            name = substr(text, 1, at - 1)
            reason = substr(text, at + 1)
        }
    }
    seen[command, outcome]++
    tests[++testCount] = "test" OFS command OFS outcome OFS name OFS reason
}

# Classifies a kernel message. "trouble" fails the command. A stall is only a notice, because it may mean that the host was busy.
function kernel(command, message,    kind) {
    kind = message ~ /WARNING: |BUG: |Oops|Kernel panic|general protection fault|refcount_t: |UBSAN: |KASAN: |list_(add|del) corruption|Bad page/ \
        && message !~ /soft lockup|rcu.*stall|hung_task/ ? "trouble" : "notice"
    if (kind == "trouble") trouble[command]++
    log_[++logCount] = "kernel-log" OFS command OFS kind OFS message
}

function describe(name,    passed, failed, skipped, outcome, remark) {
    passed = seen[name, "PASS"] + 0; failed = seen[name, "FAIL"] + 0; skipped = seen[name, "SKIP"] + 0
    remark = ""
    if (!begun[name]) {
        outcome = "not-run"
        remark = "the guest ended before it"
    } else if (!ended[name]) {
        outcome = "unfinished"
        remark = (hung ? "still running at the deadline" : "the guest died under it")
    } else if (trouble[name]) {
        remark = "the kernel log has " trouble[name] " lines of trouble"
    } else if (counted[name] && (said[name, "PASS"] != passed || said[name, "FAIL"] != failed || said[name, "SKIP"] != skipped)) {
        remark = "it counted " said[name, "PASS"] "/" said[name, "FAIL"] "/" said[name, "SKIP"] " but named " passed "/" failed "/" skipped
    } else if (!counted[name] && passed + failed + skipped > 0) {
        remark = "it ended before it had counted its tests, with exit status " status[name]
    } else if (counted[name] && passed + failed + skipped == 0) {
        remark = "no test ran"
    } else if (status[name] != 0 && failed == 0) {
        remark = "exit status " status[name] (status[name] > 128 ? " (signal " (status[name] - 128) ")" : "")
    } else if (!counted[name]) {
        passed = 1
    }

    # An error of the command as a whole counts as an additional failure.
    if (remark != "") failed++
    if (outcome == "") outcome = failed ? "failed" : "passed"
    if (outcome != "passed") bad = 1
    print "command", name, outcome, (ended[name] ? status[name] : ""), seconds[name], passed, failed, skipped, remark
}

END {
    for (i = 1; i <= count; i++) describe(order[i])
    for (i = 1; i <= testCount; i++) print tests[i]
    for (i = 1; i <= logCount; i++) print log_[i]
    print "guest", release, boot, (hung ? "deadline" : done ? "ended" : "died")
}
