#include "module.h"

#include <dlfcn.h>
#include <glob.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <unordered_set>
#include <vector>

#include "block.h"
#include "control.h"
#include "stream.h"

namespace software_gpu {

Handles<Module> modules;

namespace {

std::map<std::string, Kernel> kernels[2];  // fast, checked
std::unordered_set<Function*> functions;

// ---- the kernels that g++ built --------------------------------------------------------------------------------------

// Every kernel file is a library of its own in the folder kernels/ beside this one: what two files call alike stays apart.
std::string load_kernels() {
  Dl_info self;
  dladdr((void*)&load_kernels, &self);
  std::string folder(self.dli_fname);
  folder = folder.substr(0, folder.rfind('/') + 1) + "kernels";
  glob_t found;
  glob((folder + "/*.so").c_str(), 0, nullptr, &found);
  std::string error = found.gl_pathc ? "" : "no kernels in " + folder;
  for (size_t i = 0; i < found.gl_pathc; i++)
    if (!dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_LOCAL)) error = dlerror();
  globfree(&found);
  return error;
}

const Kernel* kernel_named(const std::string& name, bool checked) {
  auto found = kernels[checked].find(name);
  return found == kernels[checked].end() ? nullptr : &found->second;
}

// ---- what a PTX text declares ----------------------------------------------------------------------------------------

struct Entry {
  std::string name;
  std::vector<unsigned> parameter_bytes;
  unsigned own_shared_bytes;
};

bool looks_like_ptx(const char* image) {
  while (isspace((unsigned char)*image)) image++;
  return !strncmp(image, "//", 2) || !strncmp(image, ".version", 8);
}

// ".param .u64 .ptr .align 1 add_param_0" or ".param .align 4 .b8 add_param_1[12]"; so are shared variables declared.
unsigned bytes_of_declaration(const std::string& declaration) {
  std::istringstream words(declaration);
  unsigned bits = 0;
  for (std::string word; words >> word;) {
    char type[8];
    unsigned found;
    if (sscanf(word.c_str(), ".%1[usfb]%u", type, &found) == 2) bits = found;
  }
  size_t bracket = declaration.find('[');
  return bits / 8 * (bracket == std::string::npos ? 1 : atoi(declaration.c_str() + bracket + 1));
}

std::vector<unsigned> bytes_of_parameters(const std::string& list) {
  std::vector<unsigned> bytes;
  std::istringstream declarations(list);
  for (std::string declaration; std::getline(declarations, declaration, ',');)
    if (declaration.find(".param") != std::string::npos) bytes.push_back(bytes_of_declaration(declaration));
  return bytes;
}

// The __shared__ variables of an entry, rounded up to where dynamic shared memory begins.
unsigned bytes_of_shared(const std::string& body) {
  unsigned bytes = 0;
  const std::string keyword = "\n\t.shared ";
  for (size_t at = body.find(keyword); at != std::string::npos; at = body.find(keyword, at + 1))
    bytes += bytes_of_declaration(body.substr(at, body.find(';', at) - at));
  return (bytes + 15) / 16 * 16;
}

std::vector<Entry> entries_of(const std::string& ptx) {
  std::vector<Entry> entries;
  const std::string keyword = ".entry ";
  for (size_t at = ptx.find(keyword); at != std::string::npos; at = ptx.find(keyword, at)) {
    at += keyword.size();
    size_t name_end = ptx.find_first_of(" (\n\t{", at);
    std::string name = ptx.substr(at, name_end - at);
    size_t open = ptx.find_first_not_of(" \n\t", name_end);
    bool has_list = open != std::string::npos && ptx[open] == '(';
    unsigned own_shared_bytes = bytes_of_shared(ptx.substr(at, ptx.find(keyword, at) - at));
    entries.push_back({name, has_list ? bytes_of_parameters(ptx.substr(open, ptx.find(')', open) - open)) : std::vector<unsigned>(), own_shared_bytes});
  }
  return entries;
}

// Empty when the kernel is the one that the entry declares.
std::string difference(const Entry& entry, const Kernel* kernel) {
  if (!kernel) return "the PTX declares kernel " + entry.name + ", which g++ did not build";
  if (entry.parameter_bytes.size() != kernel->parameter_count)
    return "kernel " + entry.name + " has " + std::to_string(kernel->parameter_count) + " parameters, in the PTX " + std::to_string(entry.parameter_bytes.size());
  for (size_t i = 0; i < kernel->parameter_count; i++)
    if (entry.parameter_bytes[i] != kernel->parameters[i].bytes)
      return "parameter " + std::to_string(i) + " of kernel " + entry.name + " has " + std::to_string(kernel->parameters[i].bytes) + " bytes, in the PTX " + std::to_string(entry.parameter_bytes[i]);
  return {};
}

CUresult load(Context& context, void** handle, const void* image) {
  static const std::string missing = load_kernels();
  if (!missing.empty()) return refuse(INVALID_IMAGE, missing);
  if (!looks_like_ptx((const char*)image)) return refuse(INVALID_IMAGE, "the image is not PTX");
  auto module = std::make_shared<Module>(Module{context, {}});
  for (const Entry& entry : entries_of((const char*)image)) {
    const Kernel* fast = kernel_named(entry.name, false);
    const Kernel* checked = kernel_named(entry.name, true);
    std::string wrong = difference(entry, fast);
    if (!wrong.empty()) return refuse(INVALID_IMAGE, wrong);
    module->functions.emplace(entry.name, Function{context, *fast, *checked, (int)entry.own_shared_bytes});
  }
  for (auto& [name, function] : module->functions) functions.insert(&function);
  *handle = modules.add(module);
  return SUCCESS;
}

void forget_functions(Module& module) {
  for (auto& [name, function] : module.functions) functions.erase(&function);
}

}  // namespace

void add_kernel(const Kernel& kernel, bool checked) {
  if (!kernels[checked].emplace(kernel.name, kernel).second) {
    fprintf(stderr, "software GPU: two kernels are called %s\n", kernel.name);
    abort();
  }
}

Function* function_of(Context& context, void* handle) {
  auto* function = (Function*)handle;
  return functions.count(function) && &function->context == &context ? function : nullptr;
}

void release_modules(Context& context) {
  modules.remove_if([&](Module& module) {
    if (&module.context != &context) return false;
    forget_functions(module);
    return true;
  });
}

API cuModuleLoadData(void** module, const void* image) {
  return in_context([&](Context& context) {
    if (CUresult result = forbidden_while_capturing(context, "cuModuleLoadData")) return result;
    return load(context, module, image);
  });
}

API cuModuleLoadDataEx(void** module, const void* image, unsigned option_count, const int* options, void** values) {
  constexpr int error_log_buffer = 5, error_log_bytes = 6;
  CUresult result = cuModuleLoadData(module, image);
  char* log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < option_count; i++) {
    if (options[i] == error_log_buffer) log = (char*)values[i];
    if (options[i] == error_log_bytes) bytes = (size_t)values[i];
  }
  if (log && bytes) snprintf(log, bytes, "%s", result ? last_message().c_str() : "");
  return result;
}

API cuModuleUnload(void* handle) {
  return in_context([&](Context& context) {
    std::shared_ptr<Module> module = modules.find(handle);
    if (!module) return refuse(INVALID_HANDLE, "no such module");
    CUresult result = finish_all(context);  // queued launches still name the module's kernels
    forget_functions(*module);
    modules.remove(handle);
    return result;
  });
}

API cuModuleGetFunction(void** function, void* handle, const char* name) {
  return in_context([&](Context&) {
    std::shared_ptr<Module> module = modules.find(handle);
    if (!module) return refuse(INVALID_HANDLE, "no such module");
    auto found = module->functions.find(name);
    if (found == module->functions.end()) return refuse(NOT_FOUND, std::string("no kernel ") + name + " in the module");
    *function = &found->second;
    return SUCCESS;
  });
}

API cuFuncSetAttribute(void* handle, int attribute, int value) {
  constexpr int max_dynamic_shared_size_bytes = 8;
  return in_context([&](Context& context) {
    Function* function = function_of(context, handle);
    if (!function) return refuse(INVALID_HANDLE, "no such function in the current context");
    if (attribute != max_dynamic_shared_size_bytes) return SUCCESS;
    int most = (int)most_shared_bytes - function->own_shared_bytes;
    if (value < 0 || value > most)
      return refuse(INVALID_VALUE, std::to_string(value) + " bytes of dynamic shared memory; beside the kernel's own the device has " + std::to_string(most));
    function->most_dynamic_shared_bytes = value;
    return SUCCESS;
  });
}

API cuFuncGetAttribute(int* value, int attribute, void* handle) {
  constexpr int max_threads_per_block = 0, shared_size_bytes = 1, max_dynamic_shared_size_bytes = 8;
  return in_context([&](Context& context) {
    Function* function = function_of(context, handle);
    if (!function) return refuse(INVALID_HANDLE, "no such function in the current context");
    switch (attribute) {
      case max_threads_per_block: *value = (int)most_threads; break;
      case shared_size_bytes: *value = function->own_shared_bytes; break;
      case max_dynamic_shared_size_bytes: *value = function->most_dynamic_shared_bytes; break;
      default: *value = 0;
    }
    return SUCCESS;
  });
}

unsigned blocks_of_multiprocessor(const Function& function, unsigned threads, unsigned dynamic_shared_bytes) {
  constexpr unsigned threads_of_multiprocessor = 2048, reserved_shared_bytes = 1024;
  unsigned shared_bytes = function.own_shared_bytes + dynamic_shared_bytes + reserved_shared_bytes;
  unsigned by_shared = (most_shared_bytes + reserved_shared_bytes) / shared_bytes;
  return std::min({blocks_each, threads_of_multiprocessor / threads, by_shared});
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t dynamic_shared_bytes) {
  return in_context([&](Context& context) {
    Function* function = function_of(context, handle);
    if (!function || threads < 1) return refuse(INVALID_VALUE, "no such function, or no threads");
    *blocks = (int)blocks_of_multiprocessor(*function, threads, dynamic_shared_bytes);
    return SUCCESS;
  });
}

}  // namespace software_gpu
