/*
 * bug.h - broken invariants.
 *
 * A bug is our fault, never the user's: it prints what was believed and
 * where, and aborts.  Code that has a `struct sim` uses sim_assert instead
 * (kernel/event.h), which adds time, event, seed and replication.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

/* Print "file:line: bug: message" on stderr and abort.  Does not return. */
_Noreturn void bug_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)

/* An invariant that stays in optimised builds. */
#define CHECK(cond) ((cond) ? (void)0 : BUG("expected %s", #cond))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
