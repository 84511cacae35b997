/** Weir's models behind LangChain4j's interfaces: chat and language models, at once and streaming. The only user of LangChain4j. */
@NullMarked
package dev.weir.langchain4j;

import org.jspecify.annotations.NullMarked;
