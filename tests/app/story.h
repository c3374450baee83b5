/*
 * story.h - what rollsim explain must tell of a scenario, in order.
 */
#ifndef TESTS_APP_STORY_H
#define TESTS_APP_STORY_H
#include <check.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"

struct story {
    const char *name, *spec;
    const char *typed[7];       /* "at|command" */
    const char *told[14];       /* "m:ss text" */
};

/* The place after the line that says so ("m:ss text"), or NULL. */
static inline const char *after_line(struct arena *arena, const char *out,
                                     const char *want)
{
    size_t at = want[0] >= '0' && want[0] <= '9' ? 4 : 0;

    for (const char *p = out; *p; p = strchr(p, '\n') + 1) {
        const char *line = arena_strndup(arena, p, strcspn(p, "\n"));

        if (strstr(line, at ? want + at + 1 : want) &&
            (at == 0 || strncmp(line + 2, want, at) == 0))
            return p + strlen(line);
    }
    return NULL;
}

/* Do the lines that are to be told follow each other in out?  "~text": not
 * any more. */
static inline void story_holds(struct arena *arena, const struct story *s,
                               const char *out)
{
    const char *at = out;

    for (size_t i = 0; i < COUNT_OF(s->told) && s->told[i]; i++) {
        const char *want = s->told[i], *next;

        if (*want == '~') {
            ck_assert_msg(!strstr(at, want + 1), "%s: \"%s\" in\n%.3000s", s->name,
                          want + 1, out);
            continue;
        }
        next = after_line(arena, at, want);
        ck_assert_msg(next, "%s: no \"%s\" in\n%.3000s", s->name, want, out);
        at = next;
    }
}

#endif
