-- Classes of the first page, of notices and asides, as calls of the functions in typst-template.typ.
-- HTML keeps them as classes, which report.css dresses. Wide tables are fitted to the page. Both renderers use
-- this filter.

local typst = FORMAT:match 'typst' ~= nil

local blocks = { dateline = true, notice = true, gates = true, ['all-clear'] = true, lead = true, note = true }
local spans = {
  ['gate-mark'] = true, verdict = true, amount = true, ['headline-label'] = true, ['headline-value'] = true,
  ['headline-unit'] = true, ['headline-interval'] = true, ['headline-change'] = true, ['headline-source'] = true,
}

local function raw(text) return pandoc.RawBlock('typst', text) end

local function headlines(div)
  local out = pandoc.Blocks { raw '#headlines(' }
  for _, card in ipairs(div.content) do
    out:insert(raw '[')
    if card.t == 'Div' then out:extend(card.content) else out:insert(card) end
    out:insert(raw '],')
  end
  out:insert(raw ')')
  return out
end

local function typst_div(div)
  local class = div.classes[1]
  if class == 'headlines' then return headlines(div) end
  if class == 'screen-only' then return {} end
  if blocks[class] then
    local out = pandoc.Blocks { raw('#' .. class .. '[') }
    out:extend(div.content)
    out:insert(raw ']')
    return out
  end
end

local function typst_span(span)
  local class = span.classes[1]
  if spans[class] then
    local out = pandoc.Inlines { pandoc.RawInline('typst', '#' .. class .. '[') }
    out:extend(span.content)
    out:insert(pandoc.RawInline('typst', ']'))
    return out
  end
end

-- a range such as 120–149 stays on one line
local function whole_ranges(element)
  return element:walk { Str = function(text)
    if not text.text:match '%d–%d' then return nil end
    return pandoc.Span({ text }, { class = 'whole' })
  end }
end

-- words in a cell of more than LONG characters wrap, and so do names of rows, and other cells of more than WORDS
-- characters without a figure among them; report.css says how narrow they may get
local LONG, WORDS, NAME = 30, 16, 12

local function wrapping(element)
  for _, body in ipairs(element.bodies) do
    for _, row in ipairs(body.body) do
      for column, cell in ipairs(row.cells) do
        local text = pandoc.utils.stringify(cell.contents)
        local length = utf8.len(text) or 0
        local right = element.colspecs[column][1] == pandoc.AlignRight
        local name = column == 1 and length > NAME or length > WORDS and not text:find '%d'
        local class = not right and (length > LONG and 'long' or name and 'name')
        if class then
          cell.contents = { pandoc.Plain { pandoc.Span(pandoc.utils.blocks_to_inlines(cell.contents), { class = class }) } }
        end
      end
    end
  end
  return element
end

-- size in points at which a table fits the page: cells keep to one line, headers break between words
local PAGE_MM, SIZE, SMALLEST, INSET, NARROW = 160, 8.5, 6.5, 1.6, 0.9
-- words up to this length keep to one line; where the size would fall below READABLE, longer text wraps
local WHOLE, WRAPPED, READABLE = 40, 20, 7.2

local function longest_word(text)
  local longest = 0
  for word in text:gmatch '%S+' do longest = math.max(longest, utf8.len(word) or #word) end
  return longest
end

local function characters(element, longest)
  local widest = {}
  local function measure(rows, length)
    for _, row in ipairs(rows) do
      for column, cell in ipairs(row.cells) do
        local needed = length(pandoc.utils.stringify(cell.contents))
        widest[column] = math.max(widest[column] or 0, needed)
      end
    end
  end
  measure(element.head.rows, longest_word)
  for _, body in ipairs(element.bodies) do
    measure(body.body, function(text) return math.min(utf8.len(text) or #text, longest) end)
  end
  local total = 0
  for _, width in pairs(widest) do total = total + width end
  return total, #widest
end

local function fitting(element)
  local function size_for(longest)
    local needed, columns = characters(element, longest)
    local mm_a_point = needed * 0.353 * 0.52
    if mm_a_point * SIZE + 2 * INSET * columns <= PAGE_MM then return SIZE, false end
    return math.min(SIZE, (PAGE_MM - 2 * NARROW * columns) / mm_a_point), true
  end
  local size, tight = size_for(WHOLE)
  if not tight then return nil end
  if size < READABLE then size = math.min(READABLE, (size_for(WRAPPED))) end
  return math.max(SMALLEST, size)
end

local function as_table(element)
  local size = typst and fitting(element)
  for column, spec in ipairs(element.colspecs) do element.colspecs[column] = { spec[1], nil } end
  if not typst then element = wrapping(whole_ranges(element)) end
  if not size then return element end
  local fit = '#[\n#show table: set text(size: %.1fpt)\n#set table(inset: (x: %gmm, y: 1mm))\n'
  return { raw(fit:format(size, NARROW)), element, raw ']' }
end

if typst then
  -- from the outside in, so that the cards are still divs when their container is met
  return { { traverse = 'topdown', Div = typst_div }, { Span = typst_span, Table = as_table } }
end
return { { Table = as_table } }
