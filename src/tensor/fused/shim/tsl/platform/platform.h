// Stands for TensorFlow's own header, which is not among those kept beside the library: kernels.h asks it only
// for macros of platforms that are not built here.
