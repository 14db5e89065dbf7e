-- Numbers figures, tables and equations and resolves references to them, as Quarto does by itself.
-- The metadata key `labels` names a JSON file: id -> {text, page}; `page` names the page being written.

local labels, page = {}, ''
local typst = FORMAT:match 'typst' ~= nil

local function read_labels(meta)
  local file = assert(io.open(pandoc.utils.stringify(meta.labels), 'r'))
  labels = pandoc.json.decode(file:read 'a')
  file:close()
  page = meta.page and pandoc.utils.stringify(meta.page) or ''
  meta.labels = nil
  return meta
end

local function to_typst(inlines)
  return (pandoc.write(pandoc.Pandoc { pandoc.Plain(inlines) }, 'typst'):gsub('%s+$', ''))
end

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

-- "Figure 2.1" with a space that doesn't break
local function name_of(id)
  return (labels[id].text:gsub(' ([%d%.]+)$', '\u{a0}%1'))
end

local function reference(id)
  if typst then
    return pandoc.RawInline('typst', '#link(<' .. id .. '>)[' .. to_typst { pandoc.Str(name_of(id)) } .. ']')
  end
  local target = labels[id].page == page and '' or labels[id].page .. '.html'
  return pandoc.Link({ pandoc.Str(name_of(id)) }, target .. '#' .. id, '', { class = 'reference' })
end

local function cite(element)
  local out = pandoc.Inlines {}
  for place, citation in ipairs(element.citations) do
    if not labels[citation.id] then return nil end
    if place > 1 then out:extend { pandoc.Str ',', pandoc.Space() } end
    out:extend(citation.prefix)
    if #citation.prefix > 0 then out:insert(pandoc.Space()) end
    out:insert(reference(citation.id))
    out:extend(citation.suffix)
  end
  return out
end

local function numbered(id, caption)
  local number = pandoc.Span({ pandoc.Str(name_of(id)) }, { class = 'number' })
  local out = pandoc.Inlines {}
  if labels[id] then
    if typst then
      out:insert(pandoc.RawInline('typst', '#text(weight: 600, fill: ink)[' .. to_typst(number.content) .. ']#h(0.6em)'))
    else
      out:extend { number, pandoc.Space() }
    end
  end
  out:extend(caption)
  return out
end

local function caption_of(element)
  return pandoc.utils.blocks_to_inlines(element.caption.long)
end

local function figure(element)
  local id = element.identifier
  local image
  element:walk { Image = function(found) image = found end }
  if not image or not labels[id] then return nil end
  local alt = image.attributes['fig-alt'] or pandoc.utils.stringify(image.caption)
  local caption = numbered(id, caption_of(element))
  if typst then
    return pandoc.RawBlock('typst', table.concat {
      '#figure(image(', quoted(image.src), ', width: 100%, alt: ', quoted(alt), '), numbering: none, caption: [',
      to_typst(caption), ']) <', id, '>',
    })
  end
  image.attributes['fig-alt'] = nil
  image.caption = { pandoc.Str(alt) }
  element.content = { pandoc.Plain { image } }
  element.caption = { long = { pandoc.Plain(caption) } }
  element.classes = { 'figure' }
  return element
end

-- links between pages are written page.qmd, as Quarto wants them
local function link(element)
  local target = element.target:match '^([%w_-]+)%.qmd$'
  if not target then return nil end
  if typst then return element.content end
  element.target = target .. '.html'
  return element
end

local function typst_table(element, id, caption)
  local text = pandoc.write(pandoc.Pandoc { element }, 'typst')
  text = text:gsub('^#figure%(%s*align%(center%)%[', ''):gsub('^#align%(center%)%[', ''):gsub('%]%s*,%s*kind: table%s*%)%s*$', '')
  -- without a caption it stands in the column of the prose
  if #caption == 0 then return pandoc.RawBlock('typst', text) end
  local label = id ~= '' and ' <' .. id .. '>' or ''
  return pandoc.RawBlock('typst', table.concat {
    '#figure(align(left)[', text, '], numbering: none, kind: table, caption: [', to_typst(caption), '])', label,
  })
end

local function html_table(element, id, caption)
  local name = labels[id] and name_of(id) or 'Table'
  local out = pandoc.Blocks {
    pandoc.RawBlock('html', '<div class="scroll" role="region" tabindex="0" aria-label="' .. name .. '">'),
    element,
    pandoc.RawBlock('html', '</div>'),
  }
  if id == '' and #caption == 0 then return out end
  local head = pandoc.Blocks {
    pandoc.RawBlock('html', '<figure class="table" ' .. (id ~= '' and 'id="' .. id .. '"' or '') .. '>'),
    pandoc.RawBlock('html', '<figcaption>'), pandoc.Plain(caption), pandoc.RawBlock('html', '</figcaption>'),
  }
  head:extend(out)
  head:insert(pandoc.RawBlock('html', '</figure>'))
  return head
end

local function as_table(element)
  local id = element.identifier
  local caption = labels[id] and numbered(id, caption_of(element)) or caption_of(element)
  element.identifier = ''
  element.caption = { long = {} }
  if not typst then return html_table(element, id, caption) end
  return typst_table(element, labels[id] and id or '', caption)
end

-- a label after display math: $$ … $$ {#eq-one}
local function equations(inlines)
  for place = 1, #inlines do
    local math, after = inlines[place], inlines[place + 2]
    local id = after and after.t == 'Str' and after.text:match '^{#(eq%-[%w-]+)}$'
    if math.t == 'Math' and math.mathtype == 'DisplayMath' and id and labels[id] then
      local number = labels[id].text:match '([%d%.]+)$'
      if typst then
        inlines[place] = pandoc.RawInline('typst', table.concat {
          '#{ set math.equation(alt: ', quoted(math.text), ', numbering: _ => "(', number, ')"); [',
          to_typst { math }, ' <', id, '>] }',
        })
      else
        inlines[place] = pandoc.Span({ math, pandoc.Str('(' .. number .. ')') }, { id = id, class = 'equation' })
      end
      inlines:remove(place + 2)
      inlines:remove(place + 1)
      return inlines
    end
  end
end

local function typst_math(element)
  return pandoc.RawInline('typst',
    '#{ set math.equation(alt: ' .. quoted(element.text) .. '); ' .. to_typst { element } .. ' }')
end

return {
  { Meta = read_labels },
  { Inlines = equations },
  { Cite = cite, Link = link, Math = typst and typst_math or nil },
  { Figure = figure, Table = as_table },
}
