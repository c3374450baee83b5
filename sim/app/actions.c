/*
 * actions.c - the section `actions`: commands checked before anything runs.
 */
#include "scenario_impl.h"
#include <string.h>
#include "io/file.h"
#include "io/yaml.h"
#include "models/action.h"
#include "models/api.h"

/* All documents of a stream as objects; kinds not simulated are counted. */
static void take_stream(struct loader *l, const struct yaml_stream *s,
                        const char *file, documents *out)
{
    for (size_t i = 0; i < s->docs.len; i++)
        documents_add(l, s->docs.items[i].root, file, out);
    documents_settle(l, out, true);
}

/* The manifests of -f into *out. */
static void read_files(struct loader *l, const struct action_section *a,
                       const struct value *at, const char *name,
                       documents *out)
{
    struct yaml_stream s = {0};
    const char *text = value_text(a->stdin_text, NULL);

    if (strcmp(name, "-") == 0) {
        if (!text) {
            err_error(l->errors, &at->mark, "-f - reads `stdin:`, which is "
                      "not given");
            return;
        }
        name = arena_printf(l->arena, "%s (stdin)", l->file);
        if (yaml_load(l->arena, name, text, strlen(text), false, &s,
                      l->errors) == SIM_OK)
            take_stream(l, &s, l->file, out);
        return;
    }
    l->nfiles++;
    name = file_beside(l->arena, l->file, name);
    if (yaml_load_file(l->arena, name, false, &at->mark, &s, l->errors) ==
        SIM_OK)
        take_stream(l, &s, name, out);
}

/* The one document of -p. */
static void read_patch(struct loader *l, const struct value *at,
                       const char *text, struct action_spec *out)
{
    struct yaml_stream s = {0};
    const struct value **list = arena_many(l->arena, const struct value *, 1);

    if (yaml_load(l->arena, arena_printf(l->arena, "%s (-p)", l->file), text,
                  strlen(text), false, &s, l->errors) != SIM_OK)
        return;
    if (s.docs.len != 1 || s.docs.items[0].root->type != VALUE_MAP) {
        err_error(l->errors, &at->mark, "the patch is no map: \"%s\"", text);
        return;
    }
    list[0] = s.docs.items[0].root;
    manifests_images(l, list[0]);
    out->documents = list;
    out->ndocuments = 1;
}

static void keep_documents(struct loader *l, const documents *d,
                           struct action_spec *out)
{
    const struct value **list = arena_many(l->arena, const struct value *,
                                           d->len + 1);

    for (size_t i = 0; i < d->len; i++) {
        list[i] = d->items[i].value;
        manifests_images(l, list[i]);
        if (d->items[i].kind == KIND_CRD)
            vec_push(l->arena, &l->applied, list[i]);
    }
    out->documents = list;
    out->ndocuments = d->len;
}

/* Images that `set image` words or --image name may run. */
static void note_images(struct loader *l, const struct kubectl_command *c)
{
    const char *image = kubectl_flag(c, "image");

    if (image)
        vec_push(l->arena, &l->images, image);
    if (strcmp(c->verb->name, "set image") != 0)
        return;
    for (size_t i = 0; i < c->nwords; i++) {
        const char *equals = strchr(c->words[i], '=');

        if (equals)
            vec_push(l->arena, &l->images, equals + 1);
    }
}

static void read_input(struct loader *l, const struct action_section *a,
                       const struct value *at,
                       const struct kubectl_command *c,
                       struct action_spec *out)
{
    documents d = {0};

    if (c->verb->input == INPUT_PATCH) {
        read_patch(l, at, kubectl_flag(c, "patch"), out);
    } else if (c->verb->input == INPUT_FILES && kubectl_flag(c, "filename")) {
        read_files(l, a, at, kubectl_flag(c, "filename"), &d);
        keep_documents(l, &d, out);
    } else if (a->stdin_text) {
        err_error(l->errors, &a->stdin_text->mark, "`stdin` is read only by "
                  "-f -");
    }
    note_images(l, c);
}

static void read_action(struct loader *l, const struct action_section *a,
                        const struct value *v, struct action_spec *out)
{
    const struct value *at = value_get(v, "kubectl");
    const struct value *when = value_get(v, "when");
    struct kubectl_command c;
    const char *of;

    *out = (struct action_spec){ .at = a->at, .after = a->after,
                                 .when = a->when, .kubectl = a->kubectl,
                                 .mark = v->mark, .name = a->name,
                                 .cluster = a->cluster };
    if (!a->kubectl)
        return;                 /* reported by the binder */
    if (when && value_get(v, "at"))
        err_error(l->errors, &when->mark, "an action has `at` or `when`, not "
                  "both");
    if (when && action_trigger(l->arena, a->when, &of) < 0) {
        struct diag *d = err_error(l->errors, &when->mark, "unknown event "
                                   "\"%s\"", a->when);

        diag_suggest(l->errors, d, a->when, action_triggers);
        if (!d->help)
            diag_help(l->errors, d, "write one of: %s, %s, %s",
                      action_triggers[0], action_triggers[1],
                      action_triggers[2]);
    }
    if (!when && value_get(v, "after"))
        err_error(l->errors, &value_get(v, "after")->mark, "`after` goes with "
                  "`when`");
    if (kubectl_parse(l->arena, a->kubectl, &at->mark, &c, l->errors))
        read_input(l, a, at, &c, out);
}

/* Definitions may come with a later action than their resources do: now all are
 * known. */
static void drop_strangers(struct loader *l, struct action_spec *a)
{
    const struct value **kept = arena_many(l->arena, const struct value *,
                                           a->ndocuments + 1);
    size_t n = 0;

    for (size_t i = 0; i < a->ndocuments; i++)
        if (documents_known(l, a->documents[i]))
            kept[n++] = a->documents[i];
    a->documents = kept;
    a->ndocuments = n;
}

void actions_read(struct loader *l, const struct document_section *d,
                  struct spec *spec)
{
    const struct value *list = value_get(l->root, "actions");
    struct action_spec *out = arena_many(l->arena, struct action_spec,
                                         d->actions.len);

    for (size_t i = 0; i < d->actions.len; i++)
        read_action(l, (struct action_section *)d->actions.items + i,
                    list->u.items[i], &out[i]);
    for (size_t i = 0; i < d->actions.len; i++)
        if (out[i].ndocuments > 0 && value_get(out[i].documents[0], "apiVersion"))
            drop_strangers(l, &out[i]);
    spec->actions = out;
    spec->nactions = d->actions.len;
}
