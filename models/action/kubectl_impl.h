/*
 * kubectl_impl.h - what the verbs share: finding, editing and writing objects,
 * and saying what happened.
 */
#ifndef ACTION_KUBECTL_IMPL_H
#define ACTION_KUBECTL_IMPL_H
#include "models/action.h"
#include "models/api.h"
#include "models/workload.h"
#include "models/world.h"

/* A command being carried out, in the arena of its replication. */
struct kubectl {
    struct world *w;
    struct arena *arena;
    struct kubectl_command c;
    struct stream stream;       /* its latencies */
    const char *said;           /* rollout status: what was said last ... */
    object_uid watched;         /* ... and about which object */
    bool over;                  /* nothing more to send */
};

/* An object as words name it. */
struct target {
    enum kind kind;             /* KIND_NONE: no such resource type */
    const char *resource;       /* as typed: "deploy" */
    const char *name;           /* NULL: all of the kind */
    const char *space;          /* NULL: that of the command */
};

/* Targets among the words of c before index `end`: "deployment/web svc/web",
 * or "deployment web api".  Into *out (of a); returns their number. */
size_t kubectl_targets(struct arena *a, const struct kubectl_command *c,
                       size_t end, const struct target **out);

/* The word at which changes begin: the first with one of `marks` in it after
 * the targets, or ending in '-'; nwords if none. */
size_t kubectl_changes(const struct kubectl_command *c, const char *marks);

/* The i-th target; refuses and returns NULL if the server has none. */
const struct meta *kubectl_find(struct kubectl *k, const struct target *t);

/* May the user of the command do this with objects of the kind?  space: NULL
 * if they are not namespaced; sub: a subresource, or NULL; name NULL: with all
 * of them.  False: refused. */
bool kubectl_may(struct kubectl *k, const char *verb, enum kind kind,
                 const char *sub, const char *space, const char *name);

/* The manifest v with its namespace filled in, and what it names in *t. */
const struct value *kubectl_placed(struct kubectl *k, const struct value *v,
                                   struct target *t);

/* The name that people see: "deployment.apps/web". */
const char *kubectl_label(struct arena *a, const struct meta *m);

/* m with a patch over its manifest: strategic merge, or RFC 7386 if plain.
 * NULL, and refused, if the result is not valid.  A draft. */
struct meta *kubectl_edit(struct kubectl *k, const struct meta *m,
                          const struct value *patch, bool plain);

/* A draft of what the manifest v describes, as an update of m (NULL: new);
 * NULL, and refused, if it is not valid. */
struct meta *kubectl_decode(struct kubectl *k, enum kind kind,
                            const struct value *v, const struct meta *m);

/* The manifest behind an object, NULL if it has none; and what kubectl apply
 * applied last. */
const struct value *kubectl_manifest(const struct meta *m);
const struct value *kubectl_last_applied(const struct meta *m);

/* Commit a draft; say "LABEL done", or refuse in the server's words. */
bool kubectl_update(struct kubectl *k, struct meta *draft, const char *done);
bool kubectl_create(struct kubectl *k, struct meta *draft, const char *done);

/* Say what kubectl prints: reason Done; Refused, which ends the command. */
void kubectl_say(struct kubectl *k, const struct meta *about,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void kubectl_refuse(struct kubectl *k, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The body of label and annotate on the i-th target: member is "labels" or
 * "annotations", done what is printed. */
bool kubectl_mark(struct kubectl *k, size_t i, const char *member,
                  const char *done);

/* ---- containers.c ----------------------------------------------------------- */

/* A step of a verb: patch the i-th target, of the words before `end`, with what
 * `of` makes of each container that --containers names (all if absent or "*");
 * say that it is `done`.  Is there another target? */
bool kubectl_set_containers(
    struct kubectl *k, size_t i, size_t end,
    const struct value *(*of)(struct kubectl *k, const char *name),
    const char *done);

/* A container called name as --image and --port say; the words from `from` on,
 * if there are any, are its `command` ("command" or "args"). */
const struct value *kubectl_container(struct kubectl *k, const char *name,
                                      const char *command, size_t from);

/* {apiVersion, kind, metadata}, in the namespace of the command. */
const struct value *kubectl_object(struct kubectl *k, const char *version,
                                   enum kind kind, const char *name);

/* The next KEY=VALUE of *text, which it steps over: the key, and *value; NULL
 * if it is not of that form.  All of text as a map. */
const char *kubectl_pair(struct arena *a, const char **text, char separator,
                         const char **value);
const struct value *kubectl_pairs(struct arena *a, const char *text,
                                  char separator);

/* {path: x} as a patch. */
const struct value *kubectl_patch_of(struct arena *a, const char *path,
                                     const struct value *x);

/* The Deployment, StatefulSet or DaemonSet that the i-th target of a rollout
 * verb is; NULL, refused, if it is none.  *more: another target follows. */
const struct meta *kubectl_rollout(struct kubectl *k, size_t i, bool *more);

/* Close the node that the i-th word names to new pods and say so.  The node;
 * NULL, refused, if there is none. */
const struct meta *kubectl_cordon(struct kubectl *k, size_t i);

/* "a=b,c=d" as a selector. */
const struct selector *kubectl_selector(struct arena *a, const char *text);

/* Give a Rollout the template of an earlier revision; 0: the one before. */
struct argo;
bool argo_undo(struct kubectl *k, const struct argo *r, int64_t revision);

#endif
