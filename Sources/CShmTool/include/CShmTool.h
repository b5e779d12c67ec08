#ifndef CSHMTOOL_H
#define CSHMTOOL_H

/// From now on the process exits with `status` and a message on stderr if the heap cannot grow.
///
/// The Swift runtime has no error for this. It aborts, or writes through a null pointer.
void cshmtool_exit_if_exhausted(int status);

#endif
