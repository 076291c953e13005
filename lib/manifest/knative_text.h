/*
 * manifest/knative_text.h - the same reading for lone pairs of text and for manifests with
 * positions.
 */
#ifndef WEIR_LIB_MANIFEST_KNATIVE_TEXT_H
#define WEIR_LIB_MANIFEST_KNATIVE_TEXT_H

#include <weir/knative.h>

/* Where problems go: with the number of the pair they are about, or -1. */
struct teller {
    void (*tell)(void *user, int pair, const char *key, const char *message);
    void *user;
    int count;
};

void knative_read_settings(const weir_pair *data, size_t count, weir_kpa_config *config,
                           struct teller *teller);
void knative_admit(const weir_kpa_config *cluster, const weir_pair *annotations, size_t count,
                   struct teller *teller);

/* What Knative knows: whether a key is one of its settings or annotations, and the nearest that is.
 */
int knative_knows_setting(const char *key);
int knative_knows_annotation(const char *key);
/* The newer spelling of an annotation, when the key is an older one; else NULL. */
const char *knative_newer_spelling(const char *key);
const char *knative_nearest_setting(const char *key);
const char *knative_nearest_annotation(const char *key);

#endif
