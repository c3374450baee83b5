/*
 * guard_block.c - the section `guard`: conditions and commands, checked before
 * anything runs.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/action.h"

static const char *const thens[] = { "rollback", "pause", "abort", "promote",
                                      NULL };

static int find(const char *const *list, const char *word)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(list[i], word) == 0)
            return i;
    return -1;
}

/* {kubectl: ...} */
static void read_command(struct loader *l, const struct value *then,
                         struct guard_spec *out)
{
    const struct value *text = value_get(then, "kubectl");
    struct kubectl_command c;

    if (then->len != 1 || !text || text->type != VALUE_SCALAR) {
        err_error(l->errors, &then->mark, "`then` is rollback, pause, "
                  "abort, promote, or {kubectl: \"...\"}");
        return;
    }
    out->then = GUARD_KUBECTL;
    out->kubectl = value_text(text, "");
    if (kubectl_parse(l->arena, out->kubectl, &text->mark, &c, l->errors) &&
        c.verb->input != INPUT_NONE)
        err_error(l->errors, &text->mark, "a guard types commands without "
                  "files: not \"%s\"", c.verb->name);
}

static void read_then(struct loader *l, const struct value *then,
                      struct guard_spec *out)
{
    const char *word;
    struct diag *d;
    int i;

    out->then = GUARD_ROLLBACK;
    if (value_is_null(then))
        return;
    if (then->type == VALUE_MAP) {
        read_command(l, then, out);
        return;
    }
    word = value_text(then, "");
    i = find(thens, word);
    if (i >= 0) {
        out->then = (enum guard_then)i;
        return;
    }
    d = err_error(l->errors, &then->mark, "a guard cannot \"%s\"", word);
    diag_suggest(l->errors, d, word, thens);
    if (!d->help)
        diag_help(l->errors, d, "`then` is rollback, pause, abort, "
                  "promote, or {kubectl: \"...\"}");
}

static void read_guard(struct loader *l, const struct guard_section *g,
                       const struct value *v, bool custom,
                       struct guard_spec *out)
{
    const struct value *when = value_get(v, "when");
    const char *why;

    *out = (struct guard_spec){ .when = g->when, .after = g->after,
                                .looks = g->looks, .mark = v->mark };
    if (!g->when)
        return;                 /* reported by the binder */
    why = guard_parse(l->arena, g->when, &out->condition);
    if (why)
        err_error(l->errors, &when->mark, "%s", why);
    read_then(l, g->then, out);
    if (custom && out->then != GUARD_KUBECTL)
        err_error(l->errors, &v->mark, "what is done about a custom resource "
                  "must be said: then: {kubectl: \"patch ...\"}");
}

void guards_read(struct loader *l, const struct document_section *d,
                 struct spec *spec)
{
    const struct value *list = value_get(l->root, "guard");
    struct guard_spec *out = arena_many(l->arena, struct guard_spec,
                                        d->guards.len);

    if (d->guards.len > 0 && !spec->release.given)
        err_error(l->errors, &list->mark, "a guard watches a release: say "
                  "which, with `release`");
    for (size_t i = 0; i < d->guards.len; i++)
        read_guard(l, (struct guard_section *)d->guards.items + i,
                   list->u.items[i], spec->release.custom != NULL, &out[i]);
    spec->guards = out;
    spec->nguards = d->guards.len;
}
