/*
 * action.h - a person at a keyboard, who types kubectl.
 *
 * A command is split into words as a shell does, its flags are those of
 * kubectl, and what it does to an object is one PATCH or POST that commits
 * after the time that starting kubectl and the API server take
 * (timings.operator, timings.apiWrite).  A command on several objects sends
 * one request after the other.  Everything said is a row of events.csv of type
 * Action: reason Command, Done, Waiting or Refused, in kubectl's own words.
 *
 * To add a verb: a file in models/action/ and a line in verbs.list.
 */
#ifndef MODELS_ACTION_H
#define MODELS_ACTION_H
#include "models/spec.h"

struct world;
struct kubectl;
struct meta;

/* Flags of a verb; a table ends with name NULL.  Every verb also has
 * -n/--namespace, --record, --as and --as-group. */
enum kubectl_flag_kind { KUBECTL_SWITCH, KUBECTL_TEXT, KUBECTL_COUNT,
                         KUBECTL_MANY /* texts, joined by a line end */ };
struct kubectl_flag {
    const char *name;           /* without the dashes */
    char letter;                /* 0: none */
    enum kubectl_flag_kind kind;
    const char *doc;
};

/* What a verb takes besides words. */
enum kubectl_input { INPUT_NONE, INPUT_FILES /* -f */, INPUT_PATCH /* -p */ };

#define KUBECTL_FLAGS 16        /* at most, per verb */

/* A command line, understood. */
struct kubectl_command {
    const struct verb_ops *verb;
    const char *text;           /* as typed, after "kubectl" */
    const char *const *words;   /* neither verb nor flags */
    size_t nwords;
    const char *flags[KUBECTL_FLAGS];   /* by row: its text, "true" for a
                                         * switch, NULL if not given */
    const char *space;          /* -n; "default" */
    bool record;                /* --record: annotate the change-cause */
    const char *as;             /* --as: who asks; NULL: a cluster admin */
    const char *const *groups;  /* --as-group, NULL-terminated; or NULL */
    const struct value *const *documents;       /* of -f or -p */
    size_t ndocuments;
};

struct verb_ops {
    const char *name;           /* "set image" */
    const char *usage;          /* what follows the name */
    const char *doc;            /* one sentence */
    const struct kubectl_flag *flags;   /* NULL: none of its own */
    enum kubectl_input input;
    size_t min_words;
    /* What kubectl refuses before it asks the server; NULL if nothing. */
    const char *(*check)(struct arena *a, const struct kubectl_command *c);
    /* Send the i-th request, at its commit.  True: another one follows. */
    bool (*step)(struct kubectl *k, size_t i);
};

#define VERB(id) extern const struct verb_ops verb_##id;
#include "models/verbs.list"
#undef VERB

/* All verbs; *n is their number. */
const struct verb_ops *const *verb_table(size_t *n);

/* Understand text (without the word kubectl) into *out, whose documents are
 * left empty; strings live in a.  Faults go to errors, at m; false after
 * one. */
bool kubectl_parse(struct arena *a, const char *text, const struct mark *m,
                   struct kubectl_command *out, struct err_list *errors);

/* The value of the flag called name; NULL if it was not given. */
const char *kubectl_flag(const struct kubectl_command *c, const char *name);

/* Type a command now; text and documents were checked when they were read. */
void kubectl_type(struct world *w, const char *text,
                  const struct value *const *documents, size_t ndocuments);

/* What kubectl is told for the release of w's spec: "set image ..."; of w's
 * arena. */
const char *release_command(struct world *w);
/* The same images for another workload in its namespace. */
const char *release_command_on(struct world *w, const char *workload);

/* Release in w now, as the strategy does. */
void release_begin(struct world *w);

/* "[{name: web, image: "shop/web:2"}]": the containers that are released, with
 * the images of t, or (NULL) with those of the release; of w's arena. */
struct pod_template;
const char *release_containers(struct world *w, const struct pod_template *t);
/* Type a strategic patch of the spec of the released workload m: these fields
 * (as in YAML, without braces), and containers unless that is NULL. */
void release_patch_spec(struct world *w, const struct meta *m,
                        const char *fields, const char *containers);

/* The newest version of the workload that is released, or of the Rollout that
 * the strategy put in its place; NULL if it is not there. */
const struct meta *release_target(const struct world *w);

/* Note in a draft that v is what `kubectl apply` made it from: what a later
 * apply compares with. */
void kubectl_set_last_applied(struct meta *draft, const struct value *v);

/* Events that an action may wait for; a NULL-terminated list of words. */
extern const char *const action_triggers[];

/* Understand `when`: one of action_triggers, then perhaps "of
 * deployment/NAME".  *name is NULL without.  -1 if it cannot be read. */
int action_trigger(struct arena *a, const char *when, const char **name);

/* Begin: set up the strategy, plan the release and all actions of the spec.
 * Called once by world_new, after the manifests were applied. */
void actions_start(struct world *w);

#endif
