/*
 * manifest/names.h - which texts are names of labels, domains and resources.
 */
#ifndef WEIR_LIB_MANIFEST_NAMES_H
#define WEIR_LIB_MANIFEST_NAMES_H

/* What can be wrong with a name. */
enum { WEIR__NAME_EMPTY = 1, WEIR__NAME_LONG = 2, WEIR__NAME_ILL_SPELLED = 4 };

/* The faults of a label; of a name, perhaps behind a domain and a slash, where those of the domain
 * are 8 times as large. 0: it is fine. */
int weir__label_faults(const char *text);
int weir__qualified_faults(const char *text);

/* The resources that a container may have; that Kubernetes knows, those of quotas included; that
 * have a name with a domain which anybody may use for a resource. */
int weir__is_container_resource(const char *name);
int weir__is_standard_resource(const char *name);
int weir__is_extended_resource(const char *name);

#endif
